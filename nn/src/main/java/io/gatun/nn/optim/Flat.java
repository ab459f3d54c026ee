package io.gatun.nn.optim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Sums over flat float buffers in double, one thread: for optimizers that evaluate the net several times a step, beside
 * which these cost nothing.
 */
final class Flat {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

    private Flat() {}

    static long count(MemorySegment a) {
        return a.byteSize() / Float.BYTES;
    }

    static double dot(MemorySegment a, MemorySegment b) {
        double sum = 0;
        for (long i = 0; i < count(a); i++) {
            sum += (double) a.getAtIndex(F32, i) * b.getAtIndex(F32, i);
        }
        return sum;
    }

    static double sumOfMagnitudes(MemorySegment a) {
        double sum = 0;
        for (long i = 0; i < count(a); i++) {
            sum += Math.abs(a.getAtIndex(F32, i));
        }
        return sum;
    }

    static double largest(MemorySegment a) {
        double largest = 0;
        for (long i = 0; i < count(a); i++) {
            largest = Math.max(largest, Math.abs(a.getAtIndex(F32, i)));
        }
        return largest;
    }

    /** out = x + factor y; out may be either. */
    static void add(MemorySegment x, double factor, MemorySegment y, MemorySegment out) {
        for (long i = 0; i < count(x); i++) {
            out.setAtIndex(F32, i, (float) (x.getAtIndex(F32, i) + factor * y.getAtIndex(F32, i)));
        }
    }

    /** out = factor x. */
    static void scale(double factor, MemorySegment x, MemorySegment out) {
        for (long i = 0; i < count(x); i++) {
            out.setAtIndex(F32, i, (float) (factor * x.getAtIndex(F32, i)));
        }
    }
}
