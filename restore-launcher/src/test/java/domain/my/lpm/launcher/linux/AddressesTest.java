package domain.my.lpm.launcher.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class AddressesTest {
    @Test
    void takesTheLocalHostRoutesOnly() throws Exception {
        // As Linux 6.18 prints it.
        String trie = """
                Main:
                  +-- 0.0.0.0/1 2 0 2
                     +-- 10.88.0.0/24 2 0 2
                        |-- 10.88.0.0
                           /24 link UNICAST
                        |-- 10.88.0.2
                           /32 host LOCAL
                        |-- 10.88.0.255
                           /32 link BROADCAST
                  +-- 127.0.0.0/8 2 0 2
                     |-- 127.0.0.0
                        /8 host LOCAL
                     |-- 127.0.0.1
                        /32 host LOCAL
                     |-- 127.255.255.255
                        /32 link BROADCAST
                Local:
                     |-- 10.88.0.2
                        /32 host LOCAL
                """;
        assertThat(Addresses.parseRoutes(trie.lines().toList()))
                .containsExactly(InetAddress.getByName("10.88.0.2"), InetAddress.getByName("127.0.0.1"));
    }

    @Test
    void readsVersion6() throws Exception {
        assertThat(Addresses.parseInterfaces(("""
                        fd000088000000000000000000000002 02 40 00 80     eth0
                        00000000000000000000000000000001 01 80 10 80       lo
                        """).lines().toList()))
                .containsExactly(InetAddress.getByName("fd00:88::2"), InetAddress.getByName("::1"));
    }

    @Test
    void findsLoopbackHere() throws Exception {
        assertThat(Addresses.of(Processes.self())).contains(InetAddress.getByName("127.0.0.1"));
    }
}
