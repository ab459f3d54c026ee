package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.DType;
import io.gatun.kernel.Offer;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.PermuteSpec;

/** The pointwise families in 16-bit storage: half the bytes of the float kernels, which they share their source with. */
public final class MixedPointwise {
    private MixedPointwise() {}

    public static Offer offer(CudaContext context, MixedSpec spec) {
        DType storage = spec.storage();
        return switch (spec.of()) {
            case ActivationSpec s -> Activations.offer(context, s, storage);
            case AxpbySpec s -> Axpby.offer(context, s, storage);
            case BinarySpec s -> Binary.offer(context, s, storage);
            case CopySpec s -> Copies.offer(context, s, storage);
            case DropoutSpec s -> Dropout.offer(context, s, storage);
            case PReluSpec s -> PRelu.offer(context, s, storage);
            case PermuteSpec s -> Permutations.offer(context, s, storage);
            default -> Offer.refused("no kernel in " + storage.word() + " yet");
        };
    }
}
