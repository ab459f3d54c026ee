package io.gatun.perf.step;

import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine reaches in float multiply-adds, measured: twelve independent chains in registers, no memory. A share
 * of this is a share of what could be had here and now, whatever the clock and the neighbours do.
 */
final class Peak {
    private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static final int ROUNDS = 20_000;
    private static final int SAMPLES = 60;

    private Peak() {}

    /** The best of many short samples, FLOP/s of all threads together. */
    static double flops(int threads) {
        double[] best = new double[threads];
        CountDownLatch ready = new CountDownLatch(threads);
        Thread[] all = new Thread[threads];
        for (int i = 0; i < threads; i++) {
            int thread = i;
            all[i] = Thread.ofPlatform().daemon().start(() -> {
                ready.countDown();
                await(ready);
                best[thread] = best();
            });
        }
        double sum = 0;
        for (int i = 0; i < threads; i++) {
            join(all[i]);
            sum += best[i];
        }
        return sum;
    }

    private static double best() {
        double best = 0;
        for (int i = 0; i < SAMPLES; i++) {
            long start = System.nanoTime();
            float sink = chains(ROUNDS, 1 + i * 0x1p-20f);
            long nanos = System.nanoTime() - start;
            if (Float.isNaN(sink)) {
                throw new AssertionError("x · 0.5 + 1 stays below 3");
            }
            best = Math.max(best, 2e9 * CHAINS * F.length() * ROUNDS / nanos);
        }
        return best;
    }

    /** x = x / 2 + 1 in every lane of every chain: stays between 1 and 2. */
    private static float chains(int rounds, float start) {
        FloatVector half = FloatVector.broadcast(F, 0.5f);
        FloatVector one = FloatVector.broadcast(F, 1);
        FloatVector a = FloatVector.broadcast(F, start);
        FloatVector b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
        for (int r = 0; r < rounds; r++) {
            a = a.fma(half, one);
            b = b.fma(half, one);
            c = c.fma(half, one);
            d = d.fma(half, one);
            e = e.fma(half, one);
            f = f.fma(half, one);
            g = g.fma(half, one);
            h = h.fma(half, one);
            i = i.fma(half, one);
            j = j.fma(half, one);
            k = k.fma(half, one);
            l = l.fma(half, one);
        }
        FloatVector sum = a.add(b).add(c).add(d).add(e).add(f);
        return sum.add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
