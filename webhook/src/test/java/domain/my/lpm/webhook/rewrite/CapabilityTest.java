package domain.my.lpm.webhook.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapabilityTest {
    private static final Set<Capability> DEFAULTS = Set.of(Capability.CHOWN, Capability.KILL);

    @ParameterizedTest
    @CsvSource({
        // The defaults of CRI-O and of containerd, as /proc/PID/status shows them.
        "CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE, 5fb",
        "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL"
                + " AUDIT_WRITE, a80425fb",
        "cap_sys_admin, 200000",
        "CHECKPOINT_RESTORE, 10000000000",
        "ALL, 0"
    })
    void masksAreThoseOfTheKernel(String names, String mask) {
        assertThat(Capability.mask(Capability.named(Arrays.asList(names.split(" ")))))
                .isEqualTo(mask);
    }

    @Test
    void allIsTheFullSetOfTheKernel() {
        assertThat(Capability.mask(Capability.held(DEFAULTS, List.of("ALL"), List.of())))
                .isEqualTo("1ffffffffff");
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', CHOWN KILL",
        "BPF, '', CHOWN KILL BPF",
        "'', KILL, CHOWN",
        "BPF, ALL, BPF",
        "BPF, ALL CAP_BPF, ''",
        "'', all, ''"
    })
    void isHeldAsRuntimesGiveIt(String add, String drop, String held) {
        assertThat(Capability.held(DEFAULTS, names(add), names(drop))).isEqualTo(Capability.named(names(held)));
    }

    @Test
    void refusesAnUnknownName() {
        assertThatThrownBy(() -> Capability.parse("CAP_MAGIC"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("there is no capability 'CAP_MAGIC'");
    }

    private static List<String> names(String list) {
        return list.isEmpty() ? List.of() : Arrays.asList(list.split(" "));
    }
}
