package io.gatun.contract;

import java.util.function.IntToDoubleFunction;

/**
 * What an output must be: the oracle's double and how far a float result may be from it, for each element. A tolerance
 * of 0 asks for the double rounded once, one below 0 for the sign of a zero too.
 *
 * <p>A sum of floats has one answer only while no partial sum overflows. {@code reach} is the largest magnitude that a
 * partial result may get to in any order: the sum of the magnitudes of the finite terms. The rule, with MAX the largest
 * float:
 *
 * <ul>
 *   <li>a NaN among the terms, or infinities of both signs: NaN, in every order;
 *   <li>infinities of one sign, and the finite terms reach at most MAX: that infinity;
 *   <li>finite terms that reach at most MAX: the sum, within the tolerance;
 *   <li>finite terms of one sign that reach beyond MAX: that sign's infinity, within the tolerance;
 *   <li>terms of both signs that reach beyond MAX: the order decides whether something overflows on the way, so the
 *       right sum and anything that is not finite are both right, and a finite number that is wrong is not;
 *   <li>{@code reach} NaN: the definition has no float answer (a variance beyond MAX), and the element is not compared.
 * </ul>
 */
record Expected(double[] value, double[] tolerance, double[] reach) {
    /** Half the distance of 1 to the next float. */
    static final double U = 0x1p-24;

    /** Rule 2 of the comparison: |y - value| may be this many u times the sum of the magnitudes of the terms. */
    static final double SUM = 32;

    /** What a sum of this size may round to is Inf. */
    private static final double BRINK = Float.MAX_VALUE * (1 - 1e-3);

    Expected(double[] value, double[] tolerance) {
        this(value, tolerance, null);
    }

    static Expected exact(double[] value) {
        return new Expected(value, new double[value.length]);
    }

    /** The double rounded once, and a zero with its sign. */
    static Expected bits(double[] value) {
        return of(value, i -> -1);
    }

    static Expected of(double[] value, IntToDoubleFunction tolerance) {
        return new Expected(value, each(value.length, tolerance));
    }

    /** Exact on integers; else rule 2 with the magnitudes of the terms, which are how far a partial sum reaches. */
    static Expected sums(double[] value, double[] magnitudes, boolean exact) {
        return exact ? exact(value) : of(value, i -> SUM * U * magnitudes[i]).reaching(i -> magnitudes[i]);
    }

    /** Within {@code ulps} units in the last place of the value rounded once, which is half a unit from the value. */
    static Expected ulps(double[] value, double ulps) {
        return ulps == 0 ? bits(value) : of(value, i -> (ulps + 0.5) * ulp(value[i]));
    }

    /** The same, with partial results that may get as far as this. */
    Expected reaching(IntToDoubleFunction magnitude) {
        return new Expected(value, tolerance, each(value.length, magnitude));
    }

    private static double[] each(int count, IntToDoubleFunction of) {
        double[] all = new double[count];
        for (int i = 0; i < count; i++) {
            all[i] = of.applyAsDouble(i);
        }
        return all;
    }

    static double ulp(double value) {
        float rounded = Math.abs((float) value);
        return Float.isFinite(rounded) ? Math.ulp(rounded) : 0;
    }

    /** The magnitude that a term adds to the reach of its sum: none if it is not finite. */
    static double size(double term) {
        return Double.isFinite(term) ? Math.abs(term) : 0;
    }

    /** Whether partial results of this magnitude may overflow. */
    static boolean overflows(double reach) {
        return reach > BRINK;
    }

    /** Whether a kernel's element is right. */
    boolean admits(int i, double actual, double looseness) {
        double wanted = value[i];
        double farthest = reach == null ? 0 : reach[i];
        if (Double.isNaN(farthest)) {
            return true;
        }
        if (Double.isNaN(wanted)) {
            return Double.isNaN(actual);
        }
        if (overflows(farthest) && !Double.isFinite(actual)) {
            boolean oneSign = Double.isFinite(wanted) && Math.abs(wanted) >= farthest * (1 - 1e-6);
            return !oneSign || actual == Math.copySign(Double.POSITIVE_INFINITY, wanted);
        }
        if (tolerance[i] < 0) {
            return Double.compare(actual, (float) wanted) == 0;
        }
        return actual == (float) wanted
                || tolerance[i] > 0 && Math.abs(actual - wanted) <= looseness * tolerance[i] + 0x1p-149;
    }
}
