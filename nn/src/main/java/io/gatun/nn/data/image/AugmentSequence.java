package io.gatun.nn.data.image;

import io.gatun.nn.data.SplitMix;
import java.util.List;

/** Several changes one after the other, neighbouring affine ones as one. */
record AugmentSequence(List<Augment> steps) implements Augment {
    @Override
    public void augment(Image image, SplitMix random) {
        for (int i = 0; i < steps.size(); i++) {
            if (!(steps.get(i) instanceof RandomAffine affine)) {
                steps.get(i).augment(image, random);
                continue;
            }
            Affine all = affine.draw(image, random);
            while (i + 1 < steps.size()
                    && steps.get(i + 1) instanceof RandomAffine next
                    && next.border() == affine.border()) {
                all = all.then(next.draw(image, random));
                i++;
            }
            all.resample(image, affine.border());
        }
    }
}
