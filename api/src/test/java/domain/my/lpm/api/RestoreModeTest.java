package domain.my.lpm.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestoreModeTest {
    @ParameterizedTest
    @EnumSource
    void isReadFromItsOwnWord(RestoreMode mode) {
        assertThat(RestoreMode.parse(mode.value())).isEqualTo(mode);
    }

    @Test
    void refusesAnotherWordAndNamesThoseAllowed() {
        assertThatThrownBy(() -> RestoreMode.parse("Self-Restore"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("annotation migration.restore-mode has the value 'Self-Restore';"
                        + " allowed are self-restore, cri-o, none");
    }
}
