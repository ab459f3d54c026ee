package io.gatun.contract;

/** One table of values that go wrong, run on all kernels. */
final class SpecialValues {
    private static final float[] SMALL = {0f, -0f, 1e-40f, -1e-40f, Float.MIN_NORMAL};
    private static final float[] LARGE = {Float.MAX_VALUE, 1f / 0, -1f / 0, 88.7f, -103.9f, 1e38f};

    /** Large ones are left out where an intermediate sum may overflow in float and not in double. */
    static final double[] FOR_SUMS = of(SMALL, new float[] {Float.NaN});

    static final double[] FOR_ELEMENTS = of(SMALL, LARGE, new float[] {Float.NaN});

    private SpecialValues() {}

    private static double[] of(float[]... parts) {
        int count = 0;
        for (float[] part : parts) {
            count += part.length;
        }
        double[] all = new double[count];
        int next = 0;
        for (float[] part : parts) {
            for (float value : part) {
                all[next++] = value;
            }
        }
        return all;
    }

    /** Where the inputs hold something special, in words. */
    static String in(Inputs inputs) {
        StringBuilder found = new StringBuilder();
        inputs.all().forEach((name, values) -> {
            for (int i = 0; i < values.length && found.length() < 100; i++) {
                double size = Math.abs(values[i]);
                if (!(size < 1e30) || size < 1e-30) {
                    found.append(name)
                            .append('[')
                            .append(i)
                            .append("] = ")
                            .append((float) values[i])
                            .append(' ');
                }
            }
        });
        return found.toString().strip();
    }
}
