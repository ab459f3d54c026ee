package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;

/** One step between a decoded picture and the net's input. Immutable and thread-safe. */
@FunctionalInterface
public interface ImageTransform {
    /**
     * Changes a picture, its size too.
     *
     * @param random the sample's random numbers in this epoch, or null for an evaluation: nothing may be random then
     */
    void apply(Image image, SplitMix random);
}
