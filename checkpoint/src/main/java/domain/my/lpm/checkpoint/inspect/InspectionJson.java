package domain.my.lpm.checkpoint.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;

/** An inspection for programs. */
public final class InspectionJson {
    private static final ObjectWriter WRITER = new ObjectMapper()
            .writer(new DefaultPrettyPrinter()
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(new DefaultIndenter("  ", "\n")));

    private InspectionJson() {}

    /** The inspection as JSON: the names of {@link Inspection}'s components, in their order, nulls left out. */
    public static String of(Inspection inspection) {
        try {
            return WRITER.writeValueAsString(inspection) + "\n";
        } catch (JsonProcessingException problem) {
            throw new IllegalStateException(problem);
        }
    }
}
