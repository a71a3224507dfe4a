package domain.my.lpm.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PodReferenceTest {
    private static final String UID = "8f14e45f-ceea-467f-a0e6-7d3c1d2b9f10";

    @Test
    void takesNamesAtTheirLimits() {
        PodReference pod = new PodReference("n".repeat(63), "p".repeat(253), UID);

        assertThat(pod).hasToString("n".repeat(63) + "/" + "p".repeat(253) + " (" + UID + ")");
    }

    @ParameterizedTest
    @CsvSource({
        "../etc, web, u, '../etc', namespace",
        "shop, a/b, u, 'a/b', name",
        "shop, .., u, '..', name",
        "shop, Web, u, 'Web', name",
        "shop, web, ../../x, '../../x', uid",
        "shop, web, '', '', uid",
    })
    void refusesWhatCouldLeadElsewhere(String namespace, String name, String uid, String shown, String what) {
        assertThatThrownBy(() -> new PodReference(namespace, name, uid))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("'" + shown + "' is no " + what + " of a pod: it must match ");
    }

    @Test
    void refusesNamesBeyondTheirLimits() {
        assertThatThrownBy(() -> new PodReference("n".repeat(64), "web", UID))
                .hasMessageContaining("is no namespace of a pod");
        assertThatThrownBy(() -> new PodReference("shop", "p".repeat(254), UID))
                .hasMessageContaining("is no name of a pod");
    }
}
