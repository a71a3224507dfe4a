package domain.my.lpm.launcher.restore;

import static org.assertj.core.api.Assertions.assertThat;

import domain.my.lpm.checkpoint.image.CapabilitySet;
import domain.my.lpm.checkpoint.image.Grant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AskedForTest {
    private static final Grant LENDER =
            new Grant(new CapabilitySet(0xa0_0000_05fbL), OptionalLong.of(0), Set.of(0L, 4000L), false, true);

    @Test
    void leavesTheLoanOut() {
        AskedFor asked = new AskedFor(
                Optional.of(AskedFor.Identity.parse("1000:1001:2000,3000")), OptionalLong.of(0x1400), true);

        assertThat(asked.of(LENDER))
                .isEqualTo(new Grant(
                        new CapabilitySet(0x400), OptionalLong.of(1000), Set.of(1001L, 2000L, 3000L), true, true));
    }

    @Test
    void everythingIsWhatTheFirstProcessHas() {
        assertThat(AskedFor.EVERYTHING.of(LENDER)).isEqualTo(LENDER);
    }
}
