package domain.my.lpm.api;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Who restores a migrated pod; the values of {@link Annotations#RESTORE_MODE} and of a migration's restoreMode. */
public enum RestoreMode {
    /** The pod restores itself, by a launcher that runs in its own namespaces. */
    @JsonProperty("self-restore")
    SELF_RESTORE("self-restore"),
    /** The container runtime restores the pod from a checkpoint image; nothing is injected. */
    @JsonProperty("cri-o")
    CRI_O("cri-o"),
    /** The pod is never touched. Only in the annotation: no migration can ask for it, so the schema leaves it out. */
    @JsonProperty("none")
    @JsonIgnore
    NONE("none");

    private final String value;

    RestoreMode(String value) {
        this.value = value;
    }

    /** The word that stands for this mode in the annotation. */
    public String value() {
        return value;
    }

    /**
     * Reads the value of the annotation.
     *
     * @throws IllegalArgumentException when {@code value} is none of the words, naming the annotation and the words allowed
     */
    public static RestoreMode parse(String value) {
        for (RestoreMode mode : values()) {
            if (mode.value.equals(value)) {
                return mode;
            }
        }
        throw new IllegalArgumentException("annotation %s has the value '%s'; allowed are %s"
                .formatted(
                        Annotations.RESTORE_MODE,
                        value,
                        Arrays.stream(values()).map(RestoreMode::value).collect(Collectors.joining(", "))));
    }
}
