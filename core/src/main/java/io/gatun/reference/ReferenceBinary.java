package io.gatun.reference;

import io.gatun.kernel.Kernel;
import io.gatun.memory.Raw;
import io.gatun.spec.BinarySpec;

/** dst = a op b with b broadcast. */
record ReferenceBinary(BinarySpec spec) implements Kernel {
    @Override
    public String implementation() {
        return "reference:binary";
    }

    @Override
    public void execute(long[] frame) {
        long cols = spec.cols();
        for (long row = 0; row < spec.rows(); row++) {
            for (long col = 0; col < cols; col++) {
                long i = row * cols + col;
                long j =
                        switch (spec.broadcast()) {
                            case NONE -> i;
                            case ROW -> col;
                            case COLUMN -> row;
                            case SCALAR -> 0;
                        };
                Raw.f32(frame[2], i, ScalarMath.binary(spec.op(), Raw.f32(frame[0], i), Raw.f32(frame[1], j)));
            }
        }
    }
}
