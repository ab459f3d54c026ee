package io.gatun.simd;

import io.gatun.spec.BatchNormSpec;

/**
 * Where the operands of a batch norm's backward pass stand in its frame (src is 0, dst 1 if there is one), and what its
 * scratch holds: three factors and two sums of each channel for each chunk, then the ReLU's bits.
 */
record BatchNormBackwardFrame(
        BatchNormChunks cut,
        boolean relu,
        boolean residual,
        int diffDst,
        int gamma,
        int mean,
        int diffSrc,
        int diffGamma,
        int scratch) {

    static BatchNormBackwardFrame of(BatchNormSpec spec) {
        int diffDst = spec.relu() ? 2 : 1;
        int diffSrc = diffDst + 4;
        int diffGamma = diffSrc + (spec.residual() ? 2 : 1);
        return new BatchNormBackwardFrame(
                BatchNormChunks.of(spec.rows(), spec.c()),
                spec.relu(),
                spec.residual(),
                diffDst,
                diffDst + 1,
                diffDst + 2,
                diffSrc,
                diffGamma,
                diffGamma + 2);
    }

    /** An int of bits for each row of each strip of two vectors. */
    long scratchBytes() {
        return (3L + 2L * cut.chunks()) * cut.c() * 4 + (relu ? 4L * cut.rows() * strips() : 0);
    }

    /** Ints of bits a row has. */
    int strips() {
        int vectors = cut.c() / Lanes.COUNT;
        return (vectors + 1) / 2;
    }

    /** The two rows of sums of a chunk. */
    long sums(long[] frame, int chunk) {
        return frame[scratch] + (3 + 2L * chunk) * cut.c() * 4;
    }

    /** The bits of a chunk's first row, strip after strip; then the next row's. */
    long bits(long[] frame, int chunk) {
        long first = frame[scratch] + (3 + 2L * cut.chunks()) * cut.c() * 4;
        return first + 4L * chunk * cut.chunk() * strips();
    }
}
