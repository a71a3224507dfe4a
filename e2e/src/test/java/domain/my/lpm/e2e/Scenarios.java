package domain.my.lpm.e2e;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives every test its {@link Scenario}, ends it whatever becomes of the test, and keeps the cluster for all of them. */
final class Scenarios implements ParameterResolver, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(Scenarios.class);

    private static Cluster cluster(ExtensionContext context) {
        Store store = context.getRoot().getStore(NAMESPACE);
        return store.computeIfAbsent(Cluster.class, key -> Cluster.connect(), Cluster.class);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Scenario.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Cluster cluster = cluster(context);
        String method = context.getRequiredTestMethod().getName();
        return context.getStore(NAMESPACE)
                .computeIfAbsent(
                        Scenario.class,
                        key -> new Scenario(
                                cluster,
                                context.getRequiredTestClass().getSimpleName() + "#" + method,
                                context.getDisplayName()),
                        Scenario.class);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Scenario scenario = context.getStore(NAMESPACE).remove(Scenario.class, Scenario.class);
        if (scenario != null) {
            scenario.end(context.getExecutionException());
        }
    }
}
