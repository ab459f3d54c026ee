package io.gatun.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DebugModeTest {
    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final NativeMemory memory = new NativeMemory(budget, true);

    private static void writeOutside(MemorySegment segment, long offset) {
        Raw.MEMORY.set(ValueLayout.JAVA_BYTE, segment.address() + offset, (byte) 0);
    }

    @ParameterizedTest
    @ValueSource(longs = {-64, -1, 100, 101, 163})
    void aWriteOutsideIsFound(long offset) {
        StepSlab slab = memory.slab("step", 4096);
        slab.allocate(10, "before");
        MemorySegment segment = slab.allocate(100, "victim");
        slab.checkCanaries();
        writeOutside(segment, offset);
        String message = "canary of 'victim' in scope 'step' was overwritten at byte " + offset + " of 100";
        assertThatIllegalStateException().isThrownBy(slab::checkCanaries).withMessage(message);
        assertThatIllegalStateException().isThrownBy(slab::reset).withMessage(message);
        assertThatIllegalStateException().isThrownBy(slab::close).withMessage(message);
        assertThat(budget.used()).as("closed all the same").isZero();
        assertThat(memory.leaks()).isEmpty();
    }

    @Test
    void parameterScopesHaveCanariesToo() {
        ParameterScope scope = memory.parameters("weights");
        MemorySegment segment = scope.allocate(8, "w");
        writeOutside(segment, 8);
        assertThatIllegalStateException()
                .isThrownBy(scope::close)
                .withMessage("canary of 'w' in scope 'weights' was overwritten at byte 8 of 8");
        assertThat(budget.used()).isZero();
    }

    @Test
    void freshAndResetMemoryIsNaN() {
        try (StepSlab slab = memory.slab("step", 4096);
                ParameterScope scope = memory.parameters("weights")) {
            MemorySegment segment = slab.allocate(40, "a");
            assertAllNaN(segment);
            assertAllNaN(scope.allocate(40, "w"));
            segment.fill((byte) 0);
            slab.reset();
            assertAllNaN(segment);
        }
    }

    private static void assertAllNaN(MemorySegment segment) {
        for (float value : segment.toArray(ValueLayout.JAVA_FLOAT)) {
            assertThat(value).isNaN();
        }
    }

    @Test
    void whatIsStillOpenIsReportedWithItsPlace() {
        StepSlab slab = memory.slab("step", 128);
        ParameterScope scope = memory.parameters("weights");
        scope.allocate(100, "w");
        assertThat(memory.leaks())
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).startsWith("scope 'step' is open and holds 128 bytes; opened at "))
                .anySatisfy(
                        line -> assertThat(line).startsWith("scope 'weights' is open and holds 256 bytes; opened at "));
        slab.close();
        scope.close();
        assertThat(memory.leaks()).isEmpty();
    }

    @Test
    void withoutDebugModeMemoryIsZeroInParametersAndLeaksHaveNoPlace() {
        NativeMemory plain = new NativeMemory(budget, false);
        try (ParameterScope scope = plain.parameters("weights")) {
            assertThat(scope.allocate(40, "w").toArray(ValueLayout.JAVA_FLOAT)).containsOnly(0f);
            assertThat(plain.leaks()).containsExactly("scope 'weights' is open and holds 64 bytes");
        }
    }
}
