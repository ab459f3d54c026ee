package io.gatun.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    /** Scopes, growth and scratch: wherever memory ends, nothing is left over, and the same then works. */
    @Test
    void whicheverRequestFailsNothingLeaks() {
        int failures = 0;
        while (true) {
            FailingBudget budget = new FailingBudget(1 << 24);
            budget.failAt(failures + 1);
            NativeMemory memory = new NativeMemory(budget, false);
            try {
                everything(memory);
                break;
            } catch (NativeMemoryException e) {
                failures++;
                assertThat(budget.used()).as("after %s", e.getMessage()).isZero();
                assertThat(memory.leaks()).isEmpty();
                everything(memory); // the failing request is past
                assertThat(budget.used()).isZero();
            }
        }
        assertThat(failures).as("requests in all").isEqualTo(7);
    }

    private static void everything(NativeMemory memory) {
        try (ParameterScope parameters = memory.parameters("weights");
                StepSlab slab = memory.slab("step", 1024);
                ScratchPool scratch = new ScratchPool(memory.budget())) {
            parameters.allocate(1000, "w");
            parameters.allocate(10, "b");
            slab.allocate(1000, "x");
            slab.allocate(1000, "y");
            slab.allocate(100_000, "z");
            scratch.release(scratch.acquire(5000), 5000);
            long one = scratch.acquire(5000);
            long two = scratch.acquire(5000);
            scratch.release(one, 5000);
            scratch.release(two, 5000);
        }
    }

    @Test
    void aLimitThatIsNoNumberIsNamed() {
        String before = System.getProperty("gatun.memory.limit");
        try {
            for (String wrong : new String[] {"2g", "-1", "", "1e9"}) {
                System.setProperty("gatun.memory.limit", wrong);
                assertThatIllegalArgumentException()
                        .isThrownBy(MemoryBudget::standard)
                        .withMessage("-Dgatun.memory.limit=" + wrong
                                + " is no number of bytes; give a whole one such as 1073741824");
            }
            System.setProperty("gatun.memory.limit", "12345");
            assertThat(MemoryBudget.standard().limit()).isEqualTo(12345);
        } finally {
            if (before == null) {
                System.clearProperty("gatun.memory.limit");
            } else {
                System.setProperty("gatun.memory.limit", before);
            }
        }
    }

    @Test
    void countsUsedAndPeak() {
        MemoryBudget budget = new MemoryBudget(100);
        budget.reserve(60, "a");
        budget.reserve(40, "b");
        budget.release(50);
        assertThat(budget.used()).isEqualTo(50);
        assertThat(budget.peak()).isEqualTo(100);
        assertThat(budget.limit()).isEqualTo(100);
        for (long tooMuch : new long[] {51, Long.MAX_VALUE}) {
            assertThatExceptionOfType(NativeMemoryException.class)
                    .isThrownBy(() -> budget.reserve(tooMuch, "c"))
                    .withMessage("out of native memory for c: asked " + tooMuch
                            + " bytes, 50 of 100 in use; use a smaller batch or raise -Dgatun.memory.limit");
        }
        assertThat(budget.used()).isEqualTo(50);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MemoryBudget(-1))
                .withMessage("memory limit -1 is negative");
    }

    /** A request that is refused must not make another one fail that fits. */
    @Test
    void aRefusalDoesNotDisturbOtherThreads() throws InterruptedException {
        MemoryBudget budget = new MemoryBudget(1000);
        AtomicInteger wronglyRefused = new AtomicInteger();
        Thread greedy = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 100_000; i++) {
                try {
                    budget.reserve(2000, "greedy");
                } catch (NativeMemoryException e) {
                    continue; // as it must be
                }
                throw new AssertionError("2000 of 1000 bytes");
            }
        });
        while (greedy.isAlive()) {
            try {
                budget.reserve(10, "modest");
                budget.release(10);
            } catch (NativeMemoryException e) {
                wronglyRefused.incrementAndGet();
            }
        }
        greedy.join();
        assertThat(wronglyRefused).hasValue(0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void standardIsAShareOfTheMachineOrAsConfigured() {
        assertThat(MemoryBudget.standard().limit()).isPositive();
        String before = System.setProperty("gatun.memory.limit", "12345");
        try {
            assertThat(MemoryBudget.standard().limit()).isEqualTo(12345);
        } finally {
            if (before == null) {
                System.clearProperty("gatun.memory.limit");
            } else {
                System.setProperty("gatun.memory.limit", before);
            }
        }
    }

    @Test
    void scratchIsReusedAndBounded() {
        MemoryBudget budget = new MemoryBudget(1 << 20);
        ScratchPool scratch = new ScratchPool(budget);
        long first = scratch.acquire(1);
        assertThat(first % 64).isZero();
        scratch.release(first, 1);
        for (long bytes : new long[] {1, 100, 4096}) {
            long again = scratch.acquire(bytes);
            assertThat(again).isEqualTo(first);
            scratch.release(again, bytes);
        }
        assertThat(budget.used()).isEqualTo(4096);
        long larger = scratch.acquire(4097);
        assertThat(larger).isNotEqualTo(first);
        assertThat(budget.used()).isEqualTo(4096 + 8192);
        scratch.release(larger, 4097);
        long[] many = new long[20];
        for (int i = 0; i < many.length; i++) {
            many[i] = scratch.acquire(64);
        }
        assertThat(many).doesNotHaveDuplicates();
        for (long address : many) {
            scratch.release(address, 64);
        }
        scratch.close();
        scratch.close();
        assertThat(budget.used()).isZero();
        assertThatIllegalStateException().isThrownBy(() -> scratch.acquire(1));
    }

    @Test
    void aClosedParameterScopeSaysSo() {
        MemoryBudget budget = new MemoryBudget(1 << 20);
        ParameterScope scope = new NativeMemory(budget, false).parameters("weights");
        var segment = scope.allocate(5, "w");
        assertThat(segment.byteSize()).isEqualTo(5);
        assertThat(scope.bytes()).isEqualTo(64);
        scope.close();
        scope.close();
        assertThat(budget.used()).isZero();
        assertThatIllegalStateException()
                .isThrownBy(() -> scope.allocate(1, "late"))
                .withMessage("scope 'weights' is closed; 'late' cannot be allocated");
        assertThatIllegalStateException().isThrownBy(() -> segment.fill((byte) 0));
    }
}
