package io.gatun.nn.explain;

import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * How much a model needs each feature (Breiman 2001): how far its score falls when the feature's values are shuffled among
 * the rows, which keeps their distribution and breaks their relation to the target.
 *
 * @param mean fall of the score over the repeats, for each feature
 * @param deviation its standard deviation over the repeats, by n - 1; NaN for one repeat
 */
public record PermutationImportance(double[] mean, double[] deviation) {

    /**
     * Shuffles one feature after the other, each {@code repeats} times. Use rows that the model was not trained on.
     *
     * @param features rows by columns, row by row; restored afterwards
     * @param score of the model on these features, larger being better: an accuracy, or minus an error
     * @param seed the same seed gives the same shuffles
     * @throws IllegalArgumentException if the features do not fill whole rows or there is nothing to repeat
     */
    public static PermutationImportance of(
            float[] features, int columns, ToDoubleFunction<float[]> score, int repeats, long seed) {
        if (columns < 1 || features.length % columns != 0 || features.length == 0 || repeats < 1) {
            throw new IllegalArgumentException("permutation importance: " + features.length + " numbers in rows of "
                    + columns + ", " + repeats + " repeats; give whole rows and at least one repeat");
        }
        SplittableRandom random = new SplittableRandom(seed);
        double whole = score.applyAsDouble(features.clone());
        double[] mean = new double[columns];
        double[] deviation = new double[columns];
        for (int column = 0; column < columns; column++) {
            double[] falls = new double[repeats];
            for (int i = 0; i < repeats; i++) {
                falls[i] = whole - score.applyAsDouble(shuffled(features, columns, column, random));
                mean[column] += falls[i] / repeats;
            }
            double squares = 0;
            for (double fall : falls) {
                squares += (fall - mean[column]) * (fall - mean[column]);
            }
            deviation[column] = Math.sqrt(squares / (repeats - 1));
        }
        return new PermutationImportance(mean, deviation);
    }

    private static float[] shuffled(float[] features, int columns, int column, SplittableRandom random) {
        float[] copy = features.clone();
        for (int row = features.length / columns - 1; row > 0; row--) {
            int other = random.nextInt(row + 1);
            float value = copy[row * columns + column];
            copy[row * columns + column] = copy[other * columns + column];
            copy[other * columns + column] = value;
        }
        return copy;
    }
}
