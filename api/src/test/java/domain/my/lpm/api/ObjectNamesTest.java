package domain.my.lpm.api;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObjectNamesTest {
    @ParameterizedTest
    @CsvSource({
        "counter, counter-restored",
        "counter-restored, counter-restored-2",
        "counter-restored-2, counter-restored-3",
        "counter-restored-9, counter-restored-10",
        "counter-restored-0, counter-restored-0-restored",
        "restored, restored-restored"
    })
    void aCopyIsNamedAfterThePodAndTheHop(String pod, String copy) {
        assertThat(ObjectNames.targetPod(pod)).isEqualTo(copy);
    }

    @Test
    void aContainerCheckpointIsNamedAfterItsParentAndContainer() {
        assertThat(ObjectNames.containerCheckpoint("before-upgrade", "web")).isEqualTo("before-upgrade-web");
    }

    @Test
    void aNameThatWouldBeTooLongKeepsItsBeginningAndStaysUnique() {
        String base = "a".repeat(230) + "." + "b".repeat(22);

        String web = ObjectNames.containerCheckpoint(base, "web");

        assertThat(web)
                .hasSizeLessThanOrEqualTo(253)
                .matches(Formats.DNS_SUBDOMAIN)
                .startsWith("a".repeat(230))
                .endsWith("-web")
                .isEqualTo(ObjectNames.containerCheckpoint(base, "web"))
                .isNotEqualTo(ObjectNames.containerCheckpoint(base.substring(0, 252) + "c", "web"));
        assertThat(ObjectNames.containerCheckpoint(base, "c".repeat(63)))
                .hasSizeLessThanOrEqualTo(253)
                .matches(Formats.DNS_SUBDOMAIN);
        assertThat(ObjectNames.targetPod(base)).hasSizeLessThanOrEqualTo(253).matches(Formats.DNS_SUBDOMAIN);
    }
}
