package domain.my.lpm.apiserver;

import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

final class ApiServerKinds implements ArgumentsProvider {
    /** The system property for tests that take long, too. */
    private static final String ALL = RealApiServer.PROPERTY + ".all";

    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        boolean slow = context.getRequiredTestClass()
                .getAnnotation(OnEveryApiServer.class)
                .slow();
        boolean real = RealApiServer.isThere() && (!slow || System.getProperty(ALL) != null);
        return Stream.of(ApiServerKind.values())
                .filter(kind -> kind == ApiServerKind.IN_MEMORY || real)
                .map(Arguments::of);
    }
}
