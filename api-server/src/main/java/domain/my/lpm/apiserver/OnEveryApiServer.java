package domain.my.lpm.apiserver;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A class whose tests run on an API server in memory and, where {@link RealApiServer#PROPERTY} says where its programs are, on a
 * real one. Its constructor is given the {@link ApiServerKind}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedClass(name = "{0}")
@ArgumentsSource(ApiServerKinds.class)
public @interface OnEveryApiServer {
    /** Whether these tests take so long that they are left out on a real one, unless {@code -Dlpm.apiServer.all} asks for them. */
    boolean slow() default false;
}
