package io.gatun.contract;

import io.gatun.kernel.Plan;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/** One plan run at once by many threads of both kinds: each on buffers of its own, each compared. */
final class ManyThreads {
    private static final int PLATFORM = 8;
    private static final int VIRTUAL = 64;

    private ManyThreads() {}

    static void run(Family<?> family, Plan plan, Plan forward, double looseness, Tried tried) {
        Inputs inputs = family.anyInputs(plan.spec(), false, new SplittableRandom(KernelContract.SEED));
        Map<String, Expected> expected = family.anyExpected(plan.spec(), inputs);
        Callable<String> once = () -> {
            try (Arena arena = Arena.ofConfined()) {
                Run before = forward == null ? null : new Run(arena, forward, inputs, 1, null).execute();
                return new Run(arena, plan, inputs, 1, before).execute().wrong(expected, looseness);
            }
        };
        for (String wrong : all(PLATFORM, Thread.ofPlatform().factory(), once)) {
            tried.failed("\"" + plan.spec() + "\" from " + PLATFORM + " platform threads: " + wrong);
        }
        for (String wrong : all(VIRTUAL, Thread.ofVirtual().factory(), once)) {
            tried.failed("\"" + plan.spec() + "\" from " + VIRTUAL + " virtual threads: " + wrong);
        }
        tried.ran(false);
    }

    private static List<String> all(int threads, ThreadFactory factory, Callable<String> once) {
        List<String> wrong = new ArrayList<>();
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(factory)) {
            List<Future<String>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(executor.submit(once));
            }
            for (Future<String> result : results) {
                String answer = result.get();
                if (answer != null) {
                    wrong.add(answer);
                }
            }
        } catch (ExecutionException e) {
            wrong.add(String.valueOf(e.getCause()));
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        return wrong;
    }
}
