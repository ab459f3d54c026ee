package io.gatun.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Kernels made on one thread and run on others, and what a run allocates. With oneDNN's own scratchpad the first of
 * these ends in a SIGSEGV on the AVX2 path, which the pom's other runs take.
 */
@Tag("widths")
@RequiresOneDnn
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CallersTest {
    private static final int RUNS = 100;

    private Workers workers;
    private OneDnnSession session;

    static List<String> specs() {
        return List.of(
                "gemm f32 m=130 n=70 k=90",
                "gemm f32 tb bias m=300 n=200 k=100 act=relu",
                "conv f32 forward n=5 h=12 w=12 ic=16 oc=32 kh=3 kw=3 ph=1 pw=1",
                "conv f32 forward n=1 h=12 w=12 ic=3 oc=16 kh=5 kw=5 ph=2 pw=2",
                "conv f32 backward_data n=5 h=12 w=12 ic=16 oc=32 kh=3 kw=3 sh=2 sw=2 ph=1 pw=1",
                "conv f32 backward_weights bias n=5 h=12 w=12 ic=16 oc=32 kh=3 kw=3 ph=1 pw=1",
                "conv f32 backward_weights n=1 h=12 w=12 ic=16 oc=32 kh=3 kw=3 ph=1 pw=1",
                "pool f32 forward avg n=5 h=12 w=12 c=16 kh=2 kw=2",
                "batchnorm f32 inference rows=500 c=16",
                "activation f32 forward act=tanh count=70000",
                "permute f32 shape=70x80 perm=1,0",
                "lstm f32 inference t=5 b=4 i=16 h=32",
                "lstm f32 inference t=5 b=3 i=16 h=32");
    }

    @BeforeAll
    void open() {
        workers = new Workers(2);
        session = new OneDnnSession(workers, OneDnnLibrary.require(2));
    }

    @AfterAll
    void close() {
        session.close();
        workers.close();
    }

    private Kernel kernel(String line) {
        return switch (session.offer(Spec.parse(line))) {
            case Offer.Taken(Kernel kernel) -> kernel;
            case Offer.Refused(String reason) -> throw new AssertionError(line + ": " + reason);
        };
    }

    /** 20 platform and 60 virtual threads at once, more than a pool of argument sets holds. */
    @ParameterizedTest
    @MethodSource("specs")
    void anyThreadMayRunIt(String line) throws Exception {
        Kernel kernel = kernel(line);
        Spec spec = Spec.parse(line);
        try (Arena arena = Arena.ofShared()) {
            int expected = KernelRuns.of(arena, spec, kernel).run().outputs();
            List<Future<Integer>> results = new ArrayList<>();
            try (ExecutorService platform = Executors.newThreadPerTaskExecutor(
                            Thread.ofPlatform().factory());
                    ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 80; i++) {
                    KernelRuns runs = KernelRuns.of(arena, spec, kernel);
                    results.add((i < 20 ? platform : virtual)
                            .submit(() -> runs.run().run().outputs()));
                }
            }
            for (Future<Integer> result : results) {
                assertThat(result.get()).as(line).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("specs")
    void runningAllocatesNothing(String line) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Arena arena = Arena.ofConfined()) {
            KernelRuns runs = KernelRuns.of(arena, Spec.parse(line), kernel(line));
            for (int i = 0; i < 20; i++) {
                runs.run();
            }
            // Again if once is not enough: a class that is first used then allocates, but not in every hundred runs.
            long least = Long.MAX_VALUE;
            for (int i = 0; i < 5 && least >= RUNS; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int run = 0; run < RUNS; run++) {
                    runs.run();
                }
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertThat(least).as("bytes in %d runs of %s", RUNS, line).isLessThan(RUNS);
        }
    }
}
