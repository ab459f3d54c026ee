package io.gatun.nn.quantize;

import java.lang.foreign.MemorySegment;

/** Sees what goes into a layer, batch after batch, and then says which bytes suit it. For one thread. */
public interface Observer {
    /**
     * Takes a batch in.
     *
     * @param floats as many as the segment holds
     * @throws IllegalArgumentException if a number is NaN or infinite
     */
    void observe(MemorySegment floats);

    /**
     * The scale and zero point for what was seen.
     *
     * @throws IllegalStateException if nothing was
     */
    Affine affine();

    /** Throws for a batch that would leave its range meaningless. */
    static void requireFinite(float value) {
        if (Float.isNaN(value) || Float.isInfinite(value)) {
            throw new IllegalArgumentException("calibration met " + value + " in a layer's input; bytes need a finite"
                    + " range, so calibrate with a net and batches that give numbers");
        }
    }
}
