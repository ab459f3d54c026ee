package io.gatun.contract;

import java.util.function.IntToDoubleFunction;

/**
 * What an output must be: the oracle's double and how far a float result may be from it, for each element. A tolerance
 * of 0 asks for the double rounded once.
 */
record Expected(double[] value, double[] tolerance) {
    /** Half the distance of 1 to the next float. */
    static final double U = 0x1p-24;

    /** Rule 2 of the comparison: |y - value| may be this many u times the sum of the magnitudes of the terms. */
    static final double SUM = 32;

    static Expected exact(double[] value) {
        return new Expected(value, new double[value.length]);
    }

    static Expected of(double[] value, IntToDoubleFunction tolerance) {
        double[] tolerances = new double[value.length];
        for (int i = 0; i < value.length; i++) {
            tolerances[i] = tolerance.applyAsDouble(i);
        }
        return new Expected(value, tolerances);
    }

    /** Exact on integers; else rule 2 with the magnitudes given. */
    static Expected sums(double[] value, double[] magnitudes, boolean exact) {
        return exact ? exact(value) : of(value, i -> SUM * U * magnitudes[i]);
    }

    /** Within {@code ulps} units in the last place of the value rounded once, which is half a unit from the value. */
    static Expected ulps(double[] value, double ulps) {
        return of(value, i -> ulps == 0 ? 0 : (ulps + 0.5) * ulp(value[i]));
    }

    static double ulp(double value) {
        float rounded = Math.abs((float) value);
        return Float.isFinite(rounded) ? Math.ulp(rounded) : 0;
    }

    /** Whether a kernel's element is right. */
    boolean admits(int i, double actual, double looseness) {
        double wanted = value[i];
        if (Double.isNaN(wanted)) {
            return Double.isNaN(actual);
        }
        return actual == (float) wanted || Math.abs(actual - wanted) <= looseness * tolerance[i] + 0x1p-149;
    }
}
