package io.gatun.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TrapLimitsTest {
    @Test
    void theTestsRunWithTheLimitsThatTheReadmeTellsUsersToSet() {
        assertThat(TrapLimits.STATUS).isEqualTo("C2 trusts profiles up to 10000 traps and 10000 recompilations");
    }

    @Test
    void aJvmWithoutThemIsToldWhatToSet() {
        assertThat(TrapLimits.status(100, 400))
                .contains("(limits 100 and 400)")
                .endsWith("-XX:PerMethodTrapLimit=10000 -XX:PerMethodRecompilationCutoff=10000");
        assertThat(TrapLimits.status(10_000, 400)).contains("start Java with");
        assertThat(TrapLimits.status(100, 10_000)).contains("start Java with");
    }
}
