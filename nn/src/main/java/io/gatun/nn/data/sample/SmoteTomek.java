package io.gatun.nn.data.sample;

import io.gatun.nn.data.table.Matrix;
import java.util.Objects;

/**
 * {@link Smote}, then both samples of every Tomek link removed, made ones too (Batista and others, 2004): grows the
 * small classes and cleans the border it has blurred.
 *
 * @param smote how to grow
 */
public record SmoteTomek(Smote smote) implements Resampler {

    public SmoteTomek {
        Objects.requireNonNull(smote, "smote");
    }

    @Override
    public Resampled resample(Matrix x, int[] labels) {
        Resampled grown = smote.resample(x, labels);
        Resampled cleaned = new TomekLinks(true).resample(grown.features(), grown.labels());
        return new Resampled(
                cleaned.features(), cleaned.labels(), SubsetSampler.select(grown.origin(), cleaned.origin()));
    }
}
