package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;

/**
 * Makes a training set of another balance of classes. Only ever give it the training part of a split or fold: samples
 * made from test samples, or test samples dropped for their neighbours, make any score worthless. Features should be
 * scaled first, since all but the random ones compare distances. Implementations are immutable; a seed gives the same
 * result always.
 */
public interface Resampler {
    /**
     * @param x features, without NaN
     * @param labels class of each row
     */
    Resampled resample(Matrix x, int[] labels);
}
