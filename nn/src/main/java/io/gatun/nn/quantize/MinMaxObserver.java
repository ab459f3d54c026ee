package io.gatun.nn.quantize;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** From the smallest number seen to the largest, as torch.ao.quantization.MinMaxObserver: nothing is clamped. */
public final class MinMaxObserver implements Observer {
    private float least = Float.POSITIVE_INFINITY;
    private float most = Float.NEGATIVE_INFINITY;

    /** Nothing to choose. */
    public MinMaxObserver() {}

    @Override
    public void observe(MemorySegment floats) {
        long count = floats.byteSize() / Float.BYTES;
        float low = least;
        float high = most;
        for (long i = 0; i < count; i++) {
            float value = floats.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            low = Math.min(low, value);
            high = Math.max(high, value);
        }
        if (count > 0) {
            Observer.requireFinite(low);
            Observer.requireFinite(high);
        }
        least = low;
        most = high;
    }

    @Override
    public Affine affine() {
        if (least > most) {
            throw new IllegalStateException("nothing was observed; calibrate on some batches");
        }
        return Affine.of(least, most);
    }
}
