package io.gatun.simd;

/** Of a recurrent layer: steps, rows, inputs, hidden units and gates. */
record LayerSizes(int t, int b, int i, int h, int gates) {
    /** Floating-point operations of the products of one step. */
    double stepFlops() {
        return 2.0 * b * gates * h * ((double) i + h);
    }

    /** Bytes of the state. */
    long stateBytes() {
        return 4L * b * h;
    }
}
