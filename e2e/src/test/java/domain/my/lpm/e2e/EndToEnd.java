package domain.my.lpm.e2e;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that need a cluster with the product installed, which the environment variable {@code KUBECONFIG} names. Their methods
 * can have a {@link Scenario}: a namespace of its own, and afterwards a look at everything that was moved in it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("cluster")
@ExtendWith(Scenarios.class)
@interface EndToEnd {}
