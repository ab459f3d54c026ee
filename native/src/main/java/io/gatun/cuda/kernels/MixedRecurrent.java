package io.gatun.cuda.kernels;

import io.gatun.cuda.CudaContext;
import io.gatun.kernel.Offer;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.Spec;

/**
 * Recurrent layers in 16-bit storage: the steps of the float kernels, and products on the tensor cores, for which the
 * gradients of the gates are rounded too.
 */
public final class MixedRecurrent {
    private MixedRecurrent() {}

    /** Whether the family is one of these. */
    public static boolean has(Spec of) {
        return of instanceof LstmSpec || of instanceof GruSpec || of instanceof RnnSpec;
    }

    public static Offer offer(CudaContext context, MixedSpec spec) {
        return switch (spec.of()) {
            case LstmSpec s -> Lstm.offer(context, s, spec.storage());
            case GruSpec s -> Gru.offer(context, s, spec.storage());
            case RnnSpec s -> Rnn.offer(context, s, spec.storage());
            default -> throw new IllegalArgumentException("not recurrent: " + spec);
        };
    }
}
