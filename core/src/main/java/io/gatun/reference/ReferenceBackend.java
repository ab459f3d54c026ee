package io.gatun.reference;

import io.gatun.kernel.Backend;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdagradSpec;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LerpSpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PenaltySpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RmsPropSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.SgdSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import io.gatun.spec.WhereSpec;
import java.util.List;

/** Scalar kernels, one thread, no vector: what every other backend is compared with, and the last resort. */
public final class ReferenceBackend implements Backend {
    /** For the service loader. */
    public ReferenceBackend() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public Session open(Workers workers) {
        return new Session() {
            @Override
            public Offer offer(Spec spec) {
                return ReferenceBackend.offer(spec);
            }

            @Override
            public List<String> describe() {
                return List.of("scalar Java, one thread");
            }
        };
    }

    private static Offer offer(Spec spec) {
        return switch (spec) {
            case GemmSpec s -> Offer.of(new ReferenceGemm(s));
            case ConvSpec s -> Offer.of(new ReferenceConv(s));
            case PoolSpec s -> Offer.of(new ReferencePool(s));
            case BatchNormSpec s -> Offer.of(new ReferenceBatchNorm(s));
            case GroupNormSpec s -> Offer.of(new ReferenceGroupNorm(s));
            case GruSpec s -> Offer.of(gru(s));
            case LstmSpec s -> Offer.of(lstm(s));
            case RnnSpec s -> Offer.of(s.pass() == Pass.BACKWARD ? new ReferenceRnnBackward(s) : new ReferenceRnn(s));
            case ActivationSpec s -> Offer.of(new ReferenceActivation(s));
            case AdaptivePoolSpec s -> Offer.of(new ReferenceAdaptivePool(s));
            case AxpbySpec s -> Offer.of(new ReferenceAxpby(s));
            case BinarySpec s -> Offer.of(new ReferenceBinary(s));
            case SoftmaxSpec s -> Offer.of(new ReferenceSoftmax(s));
            case CrossEntropySpec s -> Offer.of(new ReferenceCrossEntropy(s));
            case PenaltySpec s -> Offer.of(new ReferencePenalty(s));
            case LossSpec s -> Offer.of(new ReferenceLoss(s));
            case QuantizeSpec s -> Offer.of(new ReferenceQuantize(s));
            case QuantizedConvSpec s -> Offer.of(new ReferenceQuantizedConv(s));
            case ReduceSpec s -> Offer.of(new ReferenceReduce(s));
            case CopySpec s -> Offer.of(new ReferenceCopy(s));
            case WhereSpec s -> Offer.of(new ReferenceWhere(s));
            case PReluSpec s -> Offer.of(new ReferencePRelu(s));
            case PermuteSpec s -> Offer.of(new ReferencePermute(s));
            case EmbeddingSpec s -> Offer.of(new ReferenceEmbedding(s));
            case DropoutSpec s -> Offer.of(new ReferenceDropout(s));
            case SgdSpec s -> Offer.of(new ReferenceSgd(s));
            case AdagradSpec s -> Offer.of(new ReferenceAdagrad(s));
            case AdamSpec s -> Offer.of(new ReferenceAdam(s));
            case RmsPropSpec s -> Offer.of(new ReferenceRmsProp(s));
            case LerpSpec s -> Offer.of(new ReferenceLerp(s));
        };
    }

    private static Kernel gru(GruSpec spec) {
        return spec.pass() == Pass.BACKWARD
                ? new ReferenceGruBackward(spec, new ReferenceGru(spec.with(Pass.TRAINING)))
                : new ReferenceGru(spec);
    }

    private static Kernel lstm(LstmSpec spec) {
        return spec.pass() == Pass.BACKWARD
                ? new ReferenceLstmBackward(spec, new ReferenceLstm(spec.with(Pass.TRAINING)))
                : new ReferenceLstm(spec);
    }
}
