package io.gatun.contract;

/**
 * One table of values that go wrong, put one at a time into each input of each family on every backend. What must come
 * out of a sum with a large one in it is the rule in {@link Expected}.
 */
final class SpecialValues {
    static final double[] ALL = {
        0,
        -0.0,
        1e-40f,
        -1e-40f,
        Float.MIN_NORMAL,
        Float.MAX_VALUE,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.NaN,
        88.7f,
        -103.9f,
        1e38f
    };

    private SpecialValues() {}

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
