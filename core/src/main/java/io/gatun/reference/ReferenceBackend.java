package io.gatun.reference;

import io.gatun.kernel.Backend;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdagradSpec;
import io.gatun.spec.AdamSpec;
import io.gatun.spec.AdaptivePoolSpec;
import io.gatun.spec.AverageSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.CastSpec;
import io.gatun.spec.ClipNormSpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CopySpec;
import io.gatun.spec.CropMirrorNormalizeSpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.ExtremeSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.InverseDeviationSpec;
import io.gatun.spec.LerpSpec;
import io.gatun.spec.LossSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.PReluSpec;
import io.gatun.spec.PaddingMaskSpec;
import io.gatun.spec.Pass;
import io.gatun.spec.PenaltySpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.PowerSpec;
import io.gatun.spec.QuantizeSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RmsPropSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.RowNumbersSpec;
import io.gatun.spec.RunningMomentsSpec;
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
        return Offer.of(kernel(spec));
    }

    private static Kernel kernel(Spec spec) {
        return switch (spec) {
            case GemmSpec s -> new ReferenceGemm(s);
            case ConvSpec s -> new ReferenceConv(s);
            case PoolSpec s -> new ReferencePool(s);
            case BatchNormSpec s -> new ReferenceBatchNorm(s);
            case GroupNormSpec s -> new ReferenceGroupNorm(s);
            case GruSpec s -> gru(s);
            case LstmSpec s -> lstm(s);
            case RnnSpec s -> s.pass() == Pass.BACKWARD ? new ReferenceRnnBackward(s) : new ReferenceRnn(s);
            case ActivationSpec s -> new ReferenceActivation(s);
            case AdaptivePoolSpec s -> new ReferenceAdaptivePool(s);
            case AxpbySpec s -> new ReferenceAxpby(s);
            case BinarySpec s -> new ReferenceBinary(s);
            case SoftmaxSpec s -> new ReferenceSoftmax(s);
            case CrossEntropySpec s -> new ReferenceCrossEntropy(s);
            case PenaltySpec s -> new ReferencePenalty(s);
            case LossSpec s -> new ReferenceLoss(s);
            case QuantizeSpec s -> new ReferenceQuantize(s);
            case QuantizedConvSpec s -> new ReferenceQuantizedConv(s);
            case ReduceSpec s -> new ReferenceReduce(s);
            case CopySpec s -> new ReferenceCopy(s);
            case WhereSpec s -> new ReferenceWhere(s);
            case PReluSpec s -> new ReferencePRelu(s);
            case PermuteSpec s -> new ReferencePermute(s);
            case EmbeddingSpec s -> new ReferenceEmbedding(s);
            case DropoutSpec s -> new ReferenceDropout(s);
            case SgdSpec s -> new ReferenceSgd(s);
            case AdagradSpec s -> new ReferenceAdagrad(s);
            case AdamSpec s -> new ReferenceAdam(s);
            case RmsPropSpec s -> new ReferenceRmsProp(s);
            case LerpSpec s -> new ReferenceLerp(s);
            case RunningMomentsSpec s -> new ReferenceRunningMoments(s);
            case RowNumbersSpec s -> new ReferenceRowNumbers(s);
            case PowerSpec s -> new ReferencePower(s);
            case CropMirrorNormalizeSpec s -> new ReferenceCropMirrorNormalize(s);
            case PaddingMaskSpec s -> new ReferencePaddingMask(s);
            case InverseDeviationSpec s -> new ReferenceInverseDeviation(s);
            case ExtremeSpec s -> new ReferenceExtreme(s);
            case AverageSpec s -> new ReferenceAverage(s);
            case MixedSpec s -> new ReferenceMixed(s, inFloat(s));
            case ClipNormSpec s -> new ReferenceClipNorm(s);
            case CastSpec s -> new ReferenceCast(s);
        };
    }

    /** The kernel on widened operands; states that go from one step to the next are rounded between them. */
    private static Kernel inFloat(MixedSpec spec) {
        return switch (spec.of()) {
            case GruSpec s
            when s.pass() != Pass.BACKWARD && s.t() > 0 ->
                steps(spec, s.t(), new GruSpec(s.pass(), 1, s.b(), s.i(), s.h()));
            case LstmSpec s
            when s.pass() != Pass.BACKWARD && s.t() > 0 ->
                steps(spec, s.t(), new LstmSpec(s.pass(), 1, s.b(), s.i(), s.h()));
            case RnnSpec s
            when s.pass() != Pass.BACKWARD && s.t() > 0 ->
                steps(spec, s.t(), new RnnSpec(s.pass(), s.activation(), 1, s.b(), s.i(), s.h()));
            case Spec s -> kernel(s);
        };
    }

    private static Kernel steps(MixedSpec spec, int count, Spec one) {
        return new ReferenceRoundedSteps(spec.of(), count, kernel(one), spec.storage());
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
