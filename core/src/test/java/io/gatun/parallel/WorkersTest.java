package io.gatun.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
    private static void assertEachOnce(Workers workers, int pieces) {
        assertEachOnce(workers, pieces, false);
        assertEachOnce(workers, pieces, true);
    }

    private static void assertEachOnce(Workers workers, int pieces, boolean apart) {
        AtomicIntegerArray runs = new AtomicIntegerArray(pieces + 1);
        AtomicInteger strange = new AtomicInteger();
        long[] frame = {pieces};
        Task task = (given, index, worker) -> {
            if (given != frame || worker < 0 || worker >= workers.threads()) {
                strange.incrementAndGet();
            }
            runs.incrementAndGet(index);
        };
        if (apart) {
            workers.runApart(pieces, task, frame);
        } else {
            workers.run(pieces, task, frame);
        }
        for (int i = 0; i < pieces; i++) {
            assertThat(runs.get(i)).as("piece %d of %d", i, pieces).isEqualTo(1);
        }
        assertThat(runs.get(pieces)).isZero();
        assertThat(strange).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void everyPieceRunsOnce(int threads) {
        try (Workers workers = new Workers(threads)) {
            assertThat(workers.threads()).isEqualTo(threads);
            for (int pieces : new int[] {0, 1, 2, 3, 7, 8, 9, 100, 1000}) {
                assertEachOnce(workers, pieces);
            }
        }
    }

    /**
     * Runs of different lengths in quick turn: a thread late in the one must not take a piece of the next. Where pieces
     * were counted up, some run in 30,000 had one done twice.
     */
    @Test
    void shortRunsInQuickTurn() {
        try (Workers workers = new Workers(7)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(32);
            int wrong = 0;
            for (int round = 0; round < 150_000; round++) {
                int pieces = 2 + round % 30;
                if (round % 3 == 0) {
                    workers.runApart(pieces, (frame, index, worker) -> runs.incrementAndGet(index), null);
                } else {
                    workers.run(pieces, (frame, index, worker) -> runs.incrementAndGet(index), null);
                }
                for (int i = 0; i < 32; i++) {
                    wrong += runs.getAndSet(i, 0) == (i < pieces ? 1 : 0) ? 0 : 1;
                }
            }
            assertThat(wrong).isZero();
        }
    }

    /** Pauses longer than the spinning, so that every run has to wake parked threads and the caller may park too. */
    @Test
    void parkedThreadsAreWoken() throws InterruptedException {
        try (Workers workers = new Workers(3)) {
            Set<Thread> seen = ConcurrentHashMap.newKeySet();
            for (int i = 0; i < 40; i++) {
                Thread.sleep(2);
                workers.run(
                        6,
                        (frame, index, worker) -> {
                            seen.add(Thread.currentThread());
                            pause(1);
                        },
                        null);
            }
            assertThat(seen).hasSize(3);
        }
    }

    /** One thread does a single piece, of its own stretch, while the other does its own and then all that is left. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void threadsBeginApartAndHelpEachOther(int slow) {
        try (Workers workers = new Workers(2)) {
            int[] doneBy = new int[8];
            AtomicIntegerArray done = new AtomicIntegerArray(2);
            workers.runApart(
                    8,
                    (frame, index, worker) -> {
                        doneBy[index] = worker;
                        done.incrementAndGet(worker);
                        while (worker == slow ? done.get(1 - slow) < 7 : done.get(slow) == 0) {
                            Thread.onSpinWait();
                        }
                    },
                    null);
            int[] expected = new int[8];
            Arrays.fill(expected, 1 - slow);
            expected[4 * slow] = slow;
            assertThat(doneBy).isEqualTo(expected);
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void threadsHaveNamesAndAreDaemons() {
        Set<String> names = ConcurrentHashMap.newKeySet();
        try (Workers workers = new Workers(3)) {
            for (int i = 0; i < 50 && names.size() < 3; i++) {
                workers.run(
                        3,
                        (frame, index, worker) -> {
                            names.add(worker + " " + Thread.currentThread().getName());
                            assertThat(worker == 0 || Thread.currentThread().isDaemon())
                                    .isTrue();
                            pause(5);
                        },
                        null);
            }
        }
        assertThat(names)
                .contains(
                        "1 gatun-worker-1",
                        "2 gatun-worker-2",
                        "0 " + Thread.currentThread().getName());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void whatAPieceThrowsReachesTheCaller(int threads) {
        try (Workers workers = new Workers(threads)) {
            for (int round = 0; round < 50; round++) {
                assertThatThrownBy(() -> workers.run(
                                8,
                                (frame, index, worker) -> {
                                    if (index == 5) {
                                        throw new IllegalStateException("piece " + index);
                                    }
                                },
                                null))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("piece 5");
                assertEachOnce(workers, 8);
            }
            assertThatThrownBy(() -> workers.run(
                            4,
                            (frame, index, worker) -> {
                                throw new AssertionError("an error");
                            },
                            null))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void aPieceMayRunPiecesItself() {
        try (Workers workers = new Workers(3)) {
            AtomicInteger inner = new AtomicInteger();
            workers.run(6, (frame, index, worker) -> workers.run(5, (f, i, w) -> inner.incrementAndGet(), null), null);
            assertThat(inner).hasValue(30);
        }
    }

    @Test
    void manyCallersAtOnce() throws Exception {
        try (Workers workers = new Workers(4);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                results.add(callers.submit(() -> {
                    for (int j = 0; j < 100; j++) {
                        assertEachOnce(workers, 1 + j % 11);
                    }
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    @Test
    void anInterruptedCallerStillWaitsForAll() {
        try (Workers workers = new Workers(2)) {
            Thread.currentThread().interrupt();
            AtomicInteger done = new AtomicInteger();
            workers.run(
                    4,
                    (frame, index, worker) -> {
                        long until = System.nanoTime() + 3_000_000;
                        while (System.nanoTime() < until) {
                            Thread.onSpinWait();
                        }
                        done.incrementAndGet();
                    },
                    null);
            assertThat(done).hasValue(4);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void closingStopsTheThreads() {
        Workers workers = new Workers(4);
        workers.close();
        workers.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().equals("gatun-worker-3") && t.isAlive());
    }

    @Test
    void aPoolHasAtLeastOneThread() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Workers(0))
                .withMessage("a pool needs at least 1 thread, not 0");
    }
}
