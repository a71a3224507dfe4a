package domain.my.lpm.launcher.criu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NetworkLockTest {
    private static final String POLICIES = "-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n";

    @Test
    void removesTheChainAndEveryJumpToIt() {
        assertThat(NetworkLock.deletions(POLICIES + """
                        -N CRIU
                        -A INPUT -j CRIU
                        -A INPUT -j CRIU
                        -A OUTPUT -j CRIU
                        -A CRIU -m mark --mark 0xc114 -j ACCEPT
                        -A CRIU -j DROP
                        """))
                .containsExactly(
                        List.of("-D", "INPUT", "-j", "CRIU"),
                        List.of("-D", "INPUT", "-j", "CRIU"),
                        List.of("-D", "OUTPUT", "-j", "CRIU"),
                        List.of("-F", "CRIU"),
                        List.of("-X", "CRIU"));
    }

    @Test
    void removesTheRulesOfSingleConnections() {
        String rule =
                "INPUT -s 10.0.0.2/32 -d 10.0.0.1/32 -p tcp -m mark ! --mark 0xc114 -m tcp --sport 80 --dport 4711"
                        + " -j DROP";
        assertThat(NetworkLock.deletions(POLICIES + "-A " + rule + "\n"))
                .containsExactly(List.of(("-D " + rule).split(" ")));
    }

    @Test
    void leavesWhatIsNotOfCriu() {
        assertThat(NetworkLock.deletions(POLICIES + """
                        -N CRIU-LIKE
                        -N ISTIO
                        -A INPUT -j CRIU-LIKE
                        -A INPUT -p tcp -m mark --mark 0xc114 -j ACCEPT
                        -A INPUT -p tcp -m mark ! --mark 0xc114 -m tcp --sport 1 --dport 2 -j DROP
                        -A INPUT -s 10.0.0.2/32 -d 10.0.0.1/32 -p tcp -m tcp --sport 80 --dport 4711 -j DROP
                        -A OUTPUT -p tcp -j ISTIO
                        """)).isEmpty();
    }
}
