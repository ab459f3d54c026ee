package io.gatun.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepSlabTest {
    private static final int[] SIZES = {1, 64, 65, 4000, 0, 128, 100_000, 3};

    private final MemoryBudget budget = new MemoryBudget(1 << 20);
    private final NativeMemory memory = new NativeMemory(budget, false);

    private static List<Long> step(StepSlab slab) {
        List<Long> addresses = new ArrayList<>();
        for (int size : SIZES) {
            MemorySegment segment = slab.allocate(size, "a");
            assertThat(segment.byteSize()).isEqualTo(size);
            assertThat(segment.address() % Scope.ALIGNMENT).isZero();
            segment.fill((byte) 1);
            addresses.add(segment.address());
        }
        return addresses;
    }

    @Test
    void theSameRequestsGetTheSameAddressesEveryStep() {
        try (StepSlab slab = memory.slab("step", 256)) {
            List<Long> first = step(slab);
            long bytes = slab.bytes();
            for (int i = 0; i < 5; i++) {
                slab.reset();
                assertThat(step(slab)).isEqualTo(first);
            }
            assertThat(slab.bytes()).as("grown once").isEqualTo(bytes);
            assertThat(budget.used()).isEqualTo(bytes);
        }
        assertThat(budget.used()).isZero();
    }

    @Test
    void memoryOfOneStepDoesNotOverlap() {
        try (StepSlab slab = memory.slab("step", 128)) {
            List<MemorySegment> segments = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                segments.add(slab.allocate(4L * (i % 50 + 1), "t" + i));
                segments.getLast().fill((byte) i);
            }
            for (int i = 0; i < segments.size(); i++) {
                for (byte value : segments.get(i).toArray(ValueLayout.JAVA_BYTE)) {
                    assertThat(value).isEqualTo((byte) i);
                }
            }
        }
    }

    /** 10,000 allocations or none: a reset touches neither. */
    @Test
    void resetIsIndependentOfWhatWasAllocated() {
        try (StepSlab slab = memory.slab("step", 1 << 19)) {
            for (int i = 0; i < 8_000; i++) {
                slab.allocate(64, "t");
            }
            assertThat(slab.peak()).isEqualTo(8_000 * 64);
            long generation = slab.generation();
            slab.reset();
            assertThat(slab.generation()).isEqualTo(generation + 1);
            slab.allocate(64, "t");
            assertThat(slab.peak()).as("of all steps").isEqualTo(8_000 * 64);
            assertThat(slab.bytes()).isEqualTo(1 << 19);
        }
    }

    @Test
    void aRefusedRequestChangesNothing() {
        try (StepSlab slab = memory.slab("step", 1024)) {
            slab.allocate(512, "a");
            long bytes = slab.bytes();
            long used = budget.used();
            assertThatThrownBy(() -> slab.allocate(2 << 20, "too large"))
                    .isInstanceOfSatisfying(NativeMemoryException.class, e -> {
                        assertThat(e.asked()).isGreaterThanOrEqualTo(2 << 20);
                        assertThat(e.used()).isEqualTo(used);
                        assertThat(e.limit()).isEqualTo(1 << 20);
                    })
                    .hasMessageContaining("too large")
                    .hasMessageContaining("use a smaller batch or raise -Dgatun.memory.limit");
            assertThat(slab.bytes()).isEqualTo(bytes);
            assertThat(budget.used()).isEqualTo(used);
            long next = slab.allocate(64, "b").address();
            slab.reset();
            assertThat(slab.allocate(512, "a").address() + 512)
                    .as("the place after a, as if nothing had been asked")
                    .isEqualTo(next);
        }
    }

    /** Growing by half of what there is must not refuse what would fit by itself. */
    @Test
    void theLastBytesOfTheBudgetCanBeUsed() {
        MemoryBudget tight = new MemoryBudget(1024 + 128);
        try (StepSlab slab = new NativeMemory(tight, false).slab("step", 1024)) {
            slab.allocate(1024, "a");
            assertThat(slab.allocate(128, "b").byteSize()).isEqualTo(128);
            assertThat(tight.used()).isEqualTo(1024 + 128);
        }
    }

    @Test
    void aClosedSlabSaysSo() {
        StepSlab slab = memory.slab("step", 64);
        MemorySegment segment = slab.allocate(64, "a");
        slab.close();
        slab.close();
        assertThat(slab.bytes()).isZero();
        assertThatIllegalStateException()
                .isThrownBy(() -> slab.allocate(1, "late"))
                .withMessage("slab 'step' is closed; 'late' cannot be allocated");
        assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
    }
}
