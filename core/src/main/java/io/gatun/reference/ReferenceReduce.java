package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.Dims;
import io.gatun.spec.ReduceSpec;

/** Sums in double, in memory order. */
final class ReferenceReduce implements Kernel {
    private final ReduceSpec spec;
    private final int rank;
    private final long[] extent;
    private final long[] stride;
    /** How many of the axes above, which come first, are kept. */
    private final int kept;

    ReferenceReduce(ReduceSpec spec) {
        this.spec = spec;
        Dims shape = spec.shape();
        this.rank = shape.size();
        this.extent = new long[rank];
        this.stride = new long[rank];
        int next = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int axis = 0; axis < rank; axis++) {
                if (spec.axes().contains(axis) == (pass == 1)) {
                    extent[next] = shape.get(axis);
                    stride[next++] = strideOf(shape, axis);
                }
            }
        }
        this.kept = rank - spec.axes().size();
    }

    private static long strideOf(Dims shape, int axis) {
        long stride = 1;
        for (int i = axis + 1; i < shape.size(); i++) {
            stride *= shape.get(i);
        }
        return stride;
    }

    @Override
    public String implementation() {
        return "reference:reduce";
    }

    @Override
    public void execute(long[] frame) {
        long results = spec.kept();
        long terms = spec.reduced();
        boolean squares = spec.op() == ReduceSpec.Op.SUM_SQUARES;
        for (long result = 0; result < results; result++) {
            long base = offset(result, 0, kept);
            double sum = 0;
            for (long term = 0; term < terms; term++) {
                double x = Raw.f32(frame[0], base + offset(term, kept, rank));
                sum += squares ? x * x : x;
            }
            Raw.f32(frame[1], result, (float) (spec.op() == ReduceSpec.Op.MEAN ? sum / terms : sum));
        }
    }

    /** Offset of element {@code index} in the row-major order of the given axes. */
    private long offset(long index, int fromAxis, int toAxis) {
        long offset = 0;
        for (int axis = toAxis - 1; axis >= fromAxis; axis--) {
            offset += index % extent[axis] * stride[axis];
            index /= extent[axis];
        }
        return offset;
    }
}
