package io.gatun.nn.data.table;

/**
 * A category's number in binary digits, the highest first: ceil(log2 k) features for k categories where one-hot has k.
 * Where unknown categories are ignored they are all zeros, so numbers begin at 1 and ceil(log2(k + 1)) features are
 * needed. Immutable.
 *
 * @param ordinal the categories' numbers
 */
public record BinaryEncoder(OrdinalEncoder ordinal) {

    /** Learns the categories of the training set. */
    public static BinaryEncoder fit(CategoryColumn train, Unknown unknown) {
        return new BinaryEncoder(OrdinalEncoder.fit(train, unknown));
    }

    private int first() {
        return ordinal.unknown() == Unknown.IGNORE ? 1 : 0;
    }

    /** Features: the digits of the greatest number, at least 1. */
    public int bits() {
        int greatest = ordinal.categories().size() - 1 + first();
        return Math.max(1, 32 - Integer.numberOfLeadingZeros(Math.max(greatest, 0)));
    }

    /** float32 [rows, {@link #bits()}], each 0 or 1. */
    public Matrix transform(CategoryColumn x) {
        int[] codes = ordinal.codes(x);
        int bits = bits();
        float[] values = new float[Math.multiplyExact(codes.length, bits)];
        for (int r = 0; r < codes.length; r++) {
            int number = codes[r] + first();
            for (int b = 0; b < bits; b++) {
                values[r * bits + b] = number >> (bits - 1 - b) & 1;
            }
        }
        return new Matrix(codes.length, bits, values);
    }
}
