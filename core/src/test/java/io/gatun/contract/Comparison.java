package io.gatun.contract;

/** Says in one line how a result differs from the oracle's. */
final class Comparison {
    private Comparison() {}

    static String different(String name, double[] actual, Expected expected, double looseness) {
        if (actual.length != expected.value().length) {
            return name + " has " + actual.length + " elements, the oracle " + expected.value().length;
        }
        int wrong = 0;
        int worst = -1;
        double worstExcess = -1;
        for (int i = 0; i < actual.length; i++) {
            if (!expected.admits(i, actual[i], looseness)) {
                double distance =
                        Math.abs(actual[i] - expected.value()[i]) / (Math.max(0, expected.tolerance()[i]) + 0x1p-149);
                double excess = Double.isNaN(distance) ? Double.POSITIVE_INFINITY : distance;
                if (excess > worstExcess) {
                    worst = i;
                    worstExcess = excess;
                }
                wrong++;
            }
        }
        if (wrong == 0) {
            return null;
        }
        return name + "[" + worst + "] = " + (float) actual[worst] + ", must be " + (float) expected.value()[worst]
                + " within " + (float) (looseness * Math.max(0, expected.tolerance()[worst])) + " (" + wrong + " of "
                + actual.length + " wrong)";
    }

    /** All errors together: a rewrite that changes bits may raise it by a tenth. */
    static double sum(double[] actual, Expected expected) {
        double sum = 0;
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected.value()[i]);
            sum += Double.isFinite(error) && expected.tolerance()[i] > 0x1p-120 ? error : 0;
        }
        return sum;
    }

    /** The largest error as a share of the tolerance: above 0.5 is worth a look. */
    static double largest(double[] actual, Expected expected) {
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            if (expected.tolerance()[i] > 0x1p-120) {
                double error = Math.abs(actual[i] - expected.value()[i]) / expected.tolerance()[i];
                largest = error > largest ? error : largest;
            }
        }
        return largest;
    }
}
