package io.gatun.contract;

import io.gatun.kernel.DType;
import io.gatun.spec.Spec;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The case object of one family of kernels: which problems are tried, on which data, and what must come out. One
 * subclass gives a family its whole proof: agreement, special values, guard pages, thread counts.
 */
abstract class Family<S extends Spec> {
    /** The sizes around vector widths and tiles that every axis goes through. */
    static final int[] SIZES = {
        0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 255, 257, 1023, 1025
    };

    final Class<S> type;

    Family(Class<S> type) {
        this.type = type;
    }

    /** The axis sweep and a seeded sample of combinations. */
    abstract List<S> specs(SplittableRandom random);

    /** Whether integers make the result exact, so that the tolerance is 0. */
    boolean exactable(S spec) {
        return false;
    }

    abstract Inputs inputs(S spec, boolean exact, SplittableRandom random);

    /** The oracle: each output by name. */
    abstract Map<String, Expected> expected(S spec, Inputs inputs);

    /**
     * The oracle of the problem in 16-bit storage, its inputs rounded before and its outputs to be rounded: another one where
     * something is rounded on the way.
     */
    Map<String, Expected> expected(S spec, Inputs inputs, DType storage) {
        return expected(spec, inputs);
    }

    /** Whether more than 30 % of the results are zeros, so that a kernel that does nothing would look right. */
    final boolean mistrusts(Map<String, Expected> expected) {
        long zeros = 0;
        long all = 0;
        for (Map.Entry<String, Expected> output : expected.entrySet()) {
            if (!manyZeros(output.getKey())) {
                for (double value : output.getValue().value()) {
                    zeros += value == 0 ? 1 : 0;
                    all++;
                }
            }
        }
        return all > 8 && zeros * 10 > all * 3;
    }

    /** Outputs of which zero is a common right value: the place of a maximum. */
    boolean manyZeros(String output) {
        return false;
    }

    /** A law that the outputs must keep between themselves: what is broken, or null. */
    String broken(S spec, Function<String, double[]> outputs) {
        return null;
    }

    final String anyBroken(Spec spec, Function<String, double[]> outputs) {
        return broken(type.cast(spec), outputs);
    }

    /** The inputs that special values are put into. */
    boolean takesSpecials(S spec, String input) {
        return true;
    }

    /** Whether each element of the result is a function of one element of each input. */
    boolean elementwise() {
        return false;
    }

    /** Whether a backend that says so gives the bits of the reference. */
    boolean bitwise() {
        return elementwise();
    }

    /** Whole rows of special values and other data that a random fill never makes. */
    Stream<Map.Entry<S, Inputs>> specialCases(SplittableRandom random) {
        return Stream.empty();
    }

    /** The problem whose run makes this one's workspace and dst, or null. */
    S forwardOf(S spec) {
        return null;
    }

    String name() {
        return type.getSimpleName().replace("Spec", "").toLowerCase(java.util.Locale.ROOT);
    }

    // The casts are safe: a family is only given specs that it made or that have its type.

    final Inputs anyInputs(Spec spec, boolean exact, SplittableRandom random) {
        return inputs(type.cast(spec), exact, random);
    }

    final Map<String, Expected> anyExpected(Spec spec, Inputs inputs) {
        return expected(type.cast(spec), inputs);
    }

    final Map<String, Expected> anyExpected(Spec spec, Inputs inputs, DType storage) {
        return expected(type.cast(spec), inputs, storage);
    }

    final boolean anyExactable(Spec spec) {
        return exactable(type.cast(spec));
    }

    final Spec anyForwardOf(Spec spec) {
        return forwardOf(type.cast(spec));
    }

    final boolean anyTakesSpecials(Spec spec, String input) {
        return takesSpecials(type.cast(spec), input);
    }

    static int pick(SplittableRandom random, int... of) {
        return of[random.nextInt(of.length)];
    }

    /** Integers small enough that a sum of {@code terms} products stays exact: terms * m * m <= 2^24. */
    static int exactMagnitude(long terms) {
        return (int) Math.max(1, Math.min(8, Math.sqrt(0x1p22 / Math.max(1, terms))));
    }
}
