package domain.my.lpm.launcher.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The content of {@code status.json}.
 *
 * @param state where the launcher stands
 * @param outcome one of restored, fresh and failed once the state is final, else absent
 * @param checkpoint the checkpoint's URI once it is known
 * @param criuVersion the version of CRIU that restores
 * @param pages memory pages (of 4 KiB) in the checkpoint; 0 until it has been read
 * @param lazy whether pages were brought in as they were touched
 * @param processId the restored root process, as the container's first process sees it; 0 while there is none
 * @param timingsMillis what each step took, in milliseconds, in the order of the steps
 * @param message why it failed, and what to do; absent when all is well
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Status(
        State state,
        @Nullable State outcome,
        @Nullable String checkpoint,
        @Nullable String criuVersion,
        long pages,
        boolean lazy,
        int processId,
        Map<String, Double> timingsMillis,
        @Nullable String message) {}
