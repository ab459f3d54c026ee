package io.gatun.nn.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The range that holds all but a share of the numbers, which are clamped: a few outliers then do not take the bytes away from
 * all others. A histogram of magnitudes, of each sign its own, whose bins double in width when a number lies beyond them.
 */
public final class PercentileObserver implements Observer {
    private static final int BINS = 8_192;

    private final double clamped;
    private final long[] positive = new long[BINS];
    private final long[] negative = new long[BINS];
    private double width = 0x1p-40;
    private long count;

    /**
     * @param share of all numbers that may lie beyond each end, from 0 to 0.5: 1e-4 is usual
     * @throws IllegalArgumentException for another share
     */
    public PercentileObserver(double share) {
        if (!(share >= 0 && share < 0.5)) {
            throw new IllegalArgumentException(
                    "the share " + share + " of numbers to be clamped is not within 0 and 0.5");
        }
        this.clamped = share;
    }

    @Override
    public void observe(MemorySegment floats) {
        long numbers = floats.byteSize() / Float.BYTES;
        for (long i = 0; i < numbers; i++) {
            float value = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            Observer.requireFinite(value);
            double magnitude = Math.abs(value);
            while (magnitude >= width * BINS) {
                widen();
            }
            (value < 0 ? negative : positive)[(int) (magnitude / width)]++;
        }
        count += numbers;
    }

    private void widen() {
        for (long[] bins : new long[][] {positive, negative}) {
            for (int i = 0; i < BINS; i++) {
                long both = i < BINS / 2 ? bins[2 * i] + bins[2 * i + 1] : 0;
                bins[i] = both;
            }
        }
        width *= 2;
    }

    @Override
    public Affine affine() {
        if (count == 0) {
            throw new IllegalStateException("nothing was observed; calibrate on some batches");
        }
        long beyond = (long) (clamped * count);
        return Affine.of((float) -end(negative, beyond), (float) end(positive, beyond));
    }

    /** The upper end of the last bin that has more than so many numbers in it and behind it; 0 for none. */
    private double end(long[] bins, long beyond) {
        long seen = 0;
        for (int i = BINS - 1; i >= 0; i--) {
            seen += bins[i];
            if (seen > beyond) {
                return (i + 1) * width;
            }
        }
        return 0;
    }
}
