package domain.my.lpm.apiserver;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Tests that only a real API server can answer; they are skipped where there is none. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@EnabledIfSystemProperty(
        named = RealApiServer.PROPERTY,
        matches = ".+",
        disabledReason =
                "there is no real API server, on which other tests of this module would run once more, too; ./lpm test"
                        + " takes the one of ./lpm cluster up, or -Dlpm.apiServer=DIRECTORY with etcd and kube-apiserver")
public @interface OnRealApiServer {}
