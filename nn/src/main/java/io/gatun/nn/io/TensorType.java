package io.gatun.nn.io;

/** Element types of a safetensors file, named as in its header. Elements are little-endian. */
public enum TensorType {
    /** One byte, 0 or 1. */
    BOOL(1),
    /** Unsigned byte. */
    U8(1),
    /** Signed byte. */
    I8(1),
    /** Signed 16-bit. */
    I16(2),
    /** Unsigned 16-bit. */
    U16(2),
    /** IEEE half. */
    F16(2),
    /** Upper half of a float. */
    BF16(2),
    /** Signed 32-bit. */
    I32(4),
    /** Unsigned 32-bit. */
    U32(4),
    /** IEEE single. */
    F32(4),
    /** Signed 64-bit. */
    I64(8),
    /** Unsigned 64-bit. */
    U64(8),
    /** IEEE double. */
    F64(8);

    private final int bytes;

    TensorType(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element: 1, 2, 4 or 8. */
    public int bytes() {
        return bytes;
    }

    /**
     * Bytes of a dense tensor of this type; an empty shape is a scalar.
     *
     * @throws ArithmeticException when a dimension is negative or the product exceeds 2^63 - 1
     */
    public long bytes(long... shape) {
        // The product of the non-zero dimensions must fit too: [2^62, 2^62, 0] is nonsense, not an empty tensor.
        long product = bytes;
        boolean empty = false;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new ArithmeticException("dimension " + dimension + " is negative");
            }
            if (dimension == 0) {
                empty = true;
            } else {
                product = Math.multiplyExact(product, dimension);
            }
        }
        return empty ? 0 : product;
    }
}
