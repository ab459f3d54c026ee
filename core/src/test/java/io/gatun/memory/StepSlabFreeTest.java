package io.gatun.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory given back before the reset, in a slab of lazy pages and in one of blocks. */
class StepSlabFreeTest {
    private static final int LARGE = 1 << 16;

    private final MemoryBudget budget = new MemoryBudget(64 << 20);
    private final NativeMemory memory = new NativeMemory(budget, false);

    private StepSlab slab(boolean lazy) {
        return new StepSlab(memory, "step", 0, lazy);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsFreeIsUsedAgainTheLatestFirst(boolean lazy) {
        try (StepSlab slab = slab(lazy)) {
            MemorySegment a = slab.allocate(LARGE, "a");
            slab.allocate(LARGE, "between");
            MemorySegment b = slab.allocate(LARGE, "b");
            slab.allocate(LARGE, "behind");
            long held = slab.bytes();
            slab.free(b);
            slab.free(a);
            assertThat(slab.allocate(LARGE, "c").address()).isEqualTo(a.address());
            assertThat(slab.allocate(LARGE, "d").address()).isEqualTo(b.address());
            assertThat(slab.bytes()).isEqualTo(held);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void neighboursAreJoined(boolean lazy) {
        try (StepSlab slab = new StepSlab(memory, "step", 8 * LARGE, lazy)) {
            MemorySegment a = slab.allocate(LARGE, "a");
            slab.allocate(100, "a small one has a place of its own");
            MemorySegment b = slab.allocate(LARGE, "b");
            MemorySegment c = slab.allocate(LARGE, "c");
            slab.allocate(LARGE, "behind");
            slab.free(a);
            slab.free(c);
            slab.free(b);
            if (lazy) {
                assertThat(slab.allocate(3 * LARGE, "d").address()).isEqualTo(a.address());
            } else {
                assertThat(slab.allocate(2 * LARGE, "d").address()).isEqualTo(b.address());
            }
        }
    }

    /** Random requests and returns: nothing overlaps, and the same ones get the same places again. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nothingOverlapsAndStepsAreEqual(boolean lazy) {
        try (StepSlab slab = slab(lazy)) {
            List<Long> first = step(slab);
            for (int i = 0; i < 3; i++) {
                slab.reset();
                assertThat(step(slab)).isEqualTo(first);
            }
            assertThat(slab.peak()).isLessThanOrEqualTo(slab.bytes());
            assertThat(budget.used()).isEqualTo(slab.bytes());
        }
        assertThat(budget.used()).isZero();
    }

    private static List<Long> step(StepSlab slab) {
        SplittableRandom random = new SplittableRandom(3);
        Deque<MemorySegment> held = new ArrayDeque<>();
        List<Long> addresses = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            if (random.nextInt(5) < 3 || held.isEmpty()) {
                MemorySegment got = slab.allocate(8L * random.nextInt(8, 6_000), "t" + i);
                got.fill((byte) i);
                got.set(ValueLayout.JAVA_INT, 0, i);
                held.add(got);
                addresses.add(got.address());
            } else {
                MemorySegment given = random.nextBoolean() ? held.pollFirst() : held.pollLast();
                byte value = (byte) given.get(ValueLayout.JAVA_INT, 0);
                for (byte b : given.asSlice(4).toArray(ValueLayout.JAVA_BYTE)) {
                    assertThat(b).isEqualTo(value);
                }
                slab.free(given);
            }
        }
        return addresses;
    }

    /** The reason for lazy pages: what a slab may grow to is not resident before it is written. */
    @Test
    void whatIsNotWrittenIsNotResident() throws IOException {
        long before = ResidentMemory.bytes();
        try (StepSlab slab = new StepSlab(new NativeMemory(new MemoryBudget(4L << 30), false), "step", 0, true)) {
            MemorySegment large = slab.allocate(1L << 30, "large");
            assertThat(large.get(ValueLayout.JAVA_BYTE, 1L << 29)).isZero();
            assertThat(slab.bytes()).isGreaterThanOrEqualTo(1L << 30);
            assertThat(ResidentMemory.bytes() - before).isLessThan(256 << 20);
        }
    }

    @Test
    void canariesAreLookedAtWhenMemoryIsGivenBack() {
        NativeMemory debug = new NativeMemory(budget, true);
        StepSlab slab = debug.slab("step", 0);
        MemorySegment a = slab.allocate(LARGE, "a");
        a.fill((byte) 0);
        slab.free(a);
        assertThat(a.get(ValueLayout.JAVA_FLOAT, 0)).isNaN();
        assertThatIllegalArgumentException().isThrownBy(() -> slab.free(a)).withMessageContaining("it was freed");
        MemorySegment b = slab.allocate(LARGE, "b");
        Raw.MEMORY.set(ValueLayout.JAVA_BYTE, b.address() + LARGE, (byte) 0);
        assertThatIllegalStateException().isThrownBy(() -> slab.free(b)).withMessageContaining("canary of 'b'");
        assertThatIllegalStateException()
                .isThrownBy(() -> slab.restore(slab.mark()))
                .withMessageContaining("debug mode");
        slab.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRestoredStepHoldsWhatItHeld(boolean lazy) {
        try (StepSlab slab = slab(lazy)) {
            MemorySegment a = slab.allocate(LARGE, "a");
            MemorySegment small = slab.allocate(10, "small");
            StepSlab.Mark mark = slab.mark();
            slab.reset();
            assertThat(slab.generation()).isNotEqualTo(mark.generation());
            slab.allocate(LARGE, "of another step");
            slab.restore(mark);
            assertThat(slab.generation()).isEqualTo(mark.generation());
            assertThat(slab.allocate(LARGE, "behind").address()).isNotEqualTo(a.address());
            assertThat(slab.allocate(10, "behind").address()).isNotEqualTo(small.address());
            slab.reset();
            assertThat(slab.generation()).isGreaterThan(mark.generation() + 1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRefusedRequestLeavesTheFreeMemoryFree(boolean lazy) {
        try (StepSlab slab = slab(lazy)) {
            slab.allocate(LARGE, "before");
            MemorySegment last = slab.allocate(LARGE, "last");
            slab.free(last);
            assertThatThrownBy(() -> slab.allocate(1L << 30, "too large")).isInstanceOf(NativeMemoryException.class);
            assertThat(slab.allocate(LARGE, "again").address()).isEqualTo(last.address());
        }
    }
}
