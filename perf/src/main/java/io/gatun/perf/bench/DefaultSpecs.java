package io.gatun.perf.bench;

import io.gatun.spec.AdamWSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;

/** What {@code gatun bench} runs when no spec is given. */
public final class DefaultSpecs {
    /** The batch that ResNet-20 is trained with. */
    private static final int BATCH = 128;

    /** ResNet-20's parameters: the flat buffer that its optimizer steps over. */
    private static final int PARAMETERS = 272_474;

    private DefaultSpecs() {}

    /** GEMM of three sizes, every kind of convolution of ResNet-20 in three directions, its first norm, AdamW. */
    public static List<Spec> all() {
        List<Spec> specs = new ArrayList<>();
        for (int size : new int[] {64, 256, 1024}) {
            specs.add(GemmSpec.of(size, size, size));
        }
        for (ConvSpec conv : convolutions()) {
            for (ConvSpec.Direction direction : ConvSpec.Direction.values()) {
                specs.add(conv.with(direction));
            }
        }
        // After each of the first stage's convolutions: 128 x 32 x 32 pixels of 16 channels.
        BatchNormSpec norm = BatchNormSpec.training(BATCH * 32L * 32, 16, true, true);
        specs.add(norm);
        specs.add(norm.with(Pass.BACKWARD));
        specs.add(AdamWSpec.of(PARAMETERS));
        return specs;
    }

    /** Stem; 3x3 of the three stages (16, 32, 64 channels at 32, 16, 8 pixels) and the two that halve the image. */
    private static List<ConvSpec> convolutions() {
        return List.of(
                ConvSpec.of(BATCH, 32, 32, 3, 16, 3, 1, 1),
                ConvSpec.of(BATCH, 32, 32, 16, 16, 3, 1, 1),
                ConvSpec.of(BATCH, 32, 32, 16, 32, 3, 2, 1),
                ConvSpec.of(BATCH, 16, 16, 32, 32, 3, 1, 1),
                ConvSpec.of(BATCH, 16, 16, 32, 64, 3, 2, 1),
                ConvSpec.of(BATCH, 8, 8, 64, 64, 3, 1, 1));
    }
}
