package io.gatun.nn.device;

import io.gatun.nn.data.Dataset;
import io.gatun.nn.data.Datasets;
import java.util.SplittableRandom;

/** Noise of 4 x 4 x 2 in three classes, told apart by where it is brighter. */
final class Pictures {
    private Pictures() {}

    static Dataset of(int count, long seed) {
        return of(count, seed, -1);
    }

    /** With a NaN in the sample of that number, below 0 for none. */
    static Dataset of(int count, long seed, int broken) {
        SplittableRandom random = new SplittableRandom(seed);
        float[][] pixels = new float[count][4 * 4 * 2];
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            labels[i] = random.nextInt(3);
            for (int k = 0; k < pixels[i].length; k++) {
                pixels[i][k] = (float) (random.nextGaussian() + (k % 3 == labels[i] ? 1 : 0));
            }
            if (i == broken) {
                pixels[i][5] = Float.NaN;
            }
        }
        return Datasets.of(pixels, labels);
    }
}
