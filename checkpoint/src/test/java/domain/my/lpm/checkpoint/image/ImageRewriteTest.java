package domain.my.lpm.checkpoint.image;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.image.proto.InventoryEntry;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageRewriteTest {
    /** In CRIU's criu/include/cr_options.h: iptables 0, nftables 1, skip 2. */
    private static final int SKIP = 2;

    @Test
    void theNetworkOfTheTargetIsLeftAlone(@TempDir Path directory) {
        SampleDump.COUNTER.write(directory);
        InventoryEntry before = CriuImages.open(directory).inventoryFile().single();

        ImageRewrite.write(List.of(ImageRewrite.withoutNetworkLock(CriuImages.open(directory))), directory);

        InventoryEntry after = CriuImages.open(directory).inventoryFile().single();
        assertThat(before.getNetworkLockMethod()).isNotEqualTo(SKIP);
        assertThat(after)
                .isEqualTo(before.toBuilder().setNetworkLockMethod(SKIP).build());
    }

    @Test
    void mountsAreLeftOutByTheirPath(@TempDir Path directory) {
        SampleDump.COUNTER.write(directory);
        List<MountPoint> before = CriuImages.open(directory).mounts();

        ImageRewrite.write(
                ImageRewrite.withoutMounts(CriuImages.open(directory), Set.of("/etc/data", "/run/.containerenv")),
                directory);

        List<MountPoint> after = CriuImages.open(directory).mounts();
        assertThat(before).extracting(MountPoint::target).containsOnlyOnce("/etc/data");
        assertThat(after)
                .isEqualTo(before.stream()
                        .filter(mount -> !mount.target().equals("/etc/data"))
                        .toList());
    }
}
