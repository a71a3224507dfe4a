package domain.my.lpm.launcher.namespace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountTableTest {
    private static final MountTable CONTAINER = MountTable.parse(List.of(
            "700 600 0:60 / / ro,relatime master:1 - overlay overlay rw,lowerdir=/l,upperdir=/var/lib/c/diff,workdir=/w",
            "701 700 0:61 / /proc rw,nosuid - proc proc rw",
            "702 700 0:62 / /dev rw - tmpfs tmpfs rw,size=65536k",
            "703 700 8:1 /volumes/a\\040b /data rw,relatime shared:2 master:3 - ext4 /dev/sda1 rw",
            "704 701 0:62 /null /proc/kcore rw - tmpfs tmpfs rw",
            "705 700 0:70 / /dev/shm rw - tmpfs shm rw"));

    @Test
    void readsWhatTheKernelWrites() {
        assertThat(CONTAINER.at("/data").orElseThrow())
                .isEqualTo(new MountTable.Mount("8:1", "/volumes/a b", "/data", "ext4", "rw"));
        assertThat(CONTAINER.at("/").orElseThrow().option("upperdir")).contains("/var/lib/c/diff");
        assertThat(CONTAINER.at("/").orElseThrow().option("upper")).isEmpty();
        assertThat(CONTAINER.at("/nowhere")).isEmpty();
    }

    @Test
    void whatTheOutsideKnowsIsShared() {
        MountTable node = MountTable.parse(List.of(
                "1 0 8:1 / / rw - ext4 /dev/sda1 rw",
                "2 1 0:60 / /var/lib/c/merged rw - overlay overlay rw",
                "3 1 0:70 / /pods/1/shm rw - tmpfs shm rw"));

        assertThat(CONTAINER.sharedWith(node)).containsExactly("/data", "/dev/shm");
    }
}
