package domain.my.lpm.sandbox.cluster.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.CelValidationException;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompilerBuilder;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Expressions of the Common Expression Language over JSON, with its standard macros and functions alone. */
final class Cel {
    private static final CelRuntime RUNTIME =
            CelRuntimeFactory.standardCelRuntimeBuilder().build();

    private final List<String> variables;
    private final Map<String, CelRuntime.Program> programs = new ConcurrentHashMap<>();

    Cel(String... variables) {
        this.variables = List.of(variables);
    }

    /**
     * Whether the expression holds.
     *
     * @throws CelEvaluationException when it cannot be evaluated on these values
     * @throws ApiException when it is no expression
     */
    boolean holds(String expression, Map<String, JsonNode> values) throws CelEvaluationException {
        Map<String, Object> plain = new HashMap<>();
        values.forEach((name, value) -> plain.put(name, Json.MAPPER.convertValue(value, Object.class)));
        return Boolean.TRUE.equals(
                programs.computeIfAbsent(expression, this::program).eval(plain));
    }

    private CelRuntime.Program program(String expression) {
        CelCompilerBuilder builder = CelCompilerFactory.standardCelCompilerBuilder()
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .setResultType(SimpleType.BOOL);
        variables.forEach(name -> builder.addVar(name, SimpleType.DYN));
        try {
            return RUNTIME.createProgram(builder.build().compile(expression).getAst());
        } catch (CelValidationException | CelEvaluationException wrong) {
            throw ApiException.badRequest("the expression '" + expression + "' is wrong: " + wrong.getMessage());
        }
    }
}
