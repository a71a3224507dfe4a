package domain.my.lpm.apiserver;

import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

final class ApiServerKinds implements ArgumentsProvider {
    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        return Stream.of(ApiServerKind.values())
                .filter(kind -> kind == ApiServerKind.IN_MEMORY || RealApiServer.isThere())
                .map(Arguments::of);
    }
}
