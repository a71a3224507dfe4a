package domain.my.lpm.webhook.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    @Test
    void haveTheseDefaults() throws JsonProcessingException {
        Settings settings = Settings.builder().toolkitImage("toolkit").build();

        assertThat(settings).isEqualTo(Golden.YAML.readValue("""
                        toolkitImage: toolkit
                        entryImage: toolkit
                        privileges: agent
                        delivery: init-container
                        standby: false
                        nest: false
                        lazy: false
                        installResources:
                          requests: {cpu: 10m, memory: 32Mi}
                          limits: {cpu: 10m, memory: 32Mi}
                        volumeSizeLimit: 4Mi
                        hostDirectory: /var/lib/lpm
                        defaultCapabilities:
                          [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE]
                        standbyProbePeriodSeconds: 1
                        standbyProbeFailureThreshold: 3600
                        """, Settings.class));
    }

    @Test
    void giveTheToolkitMoreRoomThanTheEntry() {
        Settings settings = Settings.builder()
                .toolkitImage("toolkit")
                .privileges(Privileges.POD)
                .repositoryClaim("checkpoints")
                .keysConfigMap("checkpoint-keys")
                .build();

        assertThat(settings.volumeSizeLimit()).hasToString("512Mi");
        assertThat(settings.installResources().getLimits().get("memory")).hasToString("128Mi");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nest: true | setting nest needs SYS_ADMIN in the container; set privileges to pod or nest to false
            privileges: pod | setting privileges are lent by the pod, which then needs the repository itself; set repositoryClaim
            privileges: pod; repositoryClaim: checkpoints | setting privileges are lent by the pod, whose launcher must know which keys to trust; set keysConfigMap
            hostDirectory: var | setting hostDirectory 'var' is no absolute path
            standbyProbePeriodSeconds: 0 | setting standbyProbePeriodSeconds must be at least 1
            standbyProbeFailureThreshold: 0 | setting standbyProbeFailureThreshold must be at least 1
            entryImage: '' | setting entryImage is empty; name an image or leave the setting away
            defaultCapabilities: [MAGIC] | setting defaultCapabilities: there is no capability 'MAGIC'
            unheardOf: 1 | Unrecognized field "unheardOf"
            """)
    void refuseWhatCannotBe(String line, String message) {
        assertThatThrownBy(() -> Golden.YAML.readValue(
                        "toolkitImage: toolkit\n" + line.replace("''", "\"\"").replace("; ", "\n"), Settings.class))
                .hasMessageContaining(message);
    }

    @Test
    void needTheToolkit() {
        assertThatThrownBy(() -> Settings.builder().build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("setting toolkitImage is missing; name the image of the toolkit");
    }

    @Test
    void cannotBeChangedFromOutside() {
        List<String> capabilities = new ArrayList<>(List.of("KILL"));
        Settings settings = Settings.builder()
                .toolkitImage("toolkit")
                .defaultCapabilities(capabilities)
                .build();

        capabilities.add("SYS_ADMIN");

        assertThat(settings.defaultCapabilities()).containsExactly("KILL");
    }
}
