package io.gatun.simd;

import io.gatun.kernel.Backend;
import io.gatun.kernel.NativeUnavailableException;
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

/** Vector API kernels: need nothing but the incubator module. */
public final class SimdBackend implements Backend {
    /** For the service loader. */
    public SimdBackend() {}

    @Override
    public String name() {
        return "simd";
    }

    @Override
    public Session open(Workers workers) {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            throw new NativeUnavailableException(
                    "the Vector API is not there: start java with --add-modules jdk.incubator.vector");
        }
        System.getLogger("io.gatun.simd").log(System.Logger.Level.DEBUG, Inlining.STATUS);
        System.getLogger("io.gatun.simd").log(System.Logger.Level.DEBUG, () -> TrapLimits.STATUS);
        return new SimdSession(workers);
    }

    private record SimdSession(Workers workers) implements Session {
        @Override
        public Offer offer(Spec spec) {
            return switch (spec) {
                case ConvSpec s -> SimdConv.offer(s, workers);
                case GemmSpec s -> SimdGemm.offer(s, workers);
                case ActivationSpec s -> SimdActivation.offer(s, workers);
                case AdaptivePoolSpec s -> SimdAdaptivePool.offer(s, workers);
                case AdagradSpec s -> SimdAdagrad.offer(s, workers);
                case AdamSpec s -> SimdAdam.offer(s, workers);
                case LerpSpec s -> SimdLerp.offer(s, workers);
                case RmsPropSpec s -> SimdRmsProp.offer(s, workers);
                case AxpbySpec s -> SimdAxpby.offer(s, workers);
                case BinarySpec s -> SimdBinary.offer(s, workers);
                case CopySpec s -> SimdCopy.offer(s, workers);
                case MixedSpec s ->
                    Offer.refused(s.storage().word() + " storage is the GPU's; a CPU gains nothing by it here");
                case CastSpec _ -> Offer.refused("16-bit floats are the GPU's; only the reference casts on a CPU");
                case WhereSpec s -> SimdWhere.offer(s, workers);
                case PReluSpec s -> SimdPRelu.offer(s, workers);
                case CrossEntropySpec s -> SimdCrossEntropy.offer(s, workers);
                case CropMirrorNormalizeSpec s -> SimdCropMirrorNormalize.offer(s, workers);
                case DropoutSpec s -> SimdDropout.offer(s, workers);
                case EmbeddingSpec s -> SimdEmbedding.offer(s, workers);
                case SgdSpec s -> SimdSgd.offer(s, workers);
                case SoftmaxSpec s -> SimdSoftmax.offer(s, workers);
                case PenaltySpec s -> SimdPenalty.offer(s, workers);
                case LossSpec s -> SimdLoss.offer(s, workers);
                case QuantizeSpec s -> SimdQuantize.offer(s, workers);
                case QuantizedConvSpec s -> SimdQuantizedConv.offer(s, workers);
                case ReduceSpec s -> SimdReduce.offer(s, workers);
                case PermuteSpec s -> SimdPermute.offer(s, workers);
                case BatchNormSpec s -> SimdBatchNorm.offer(s, workers);
                case PoolSpec s -> SimdPool.offer(s, workers);
                case GroupNormSpec s -> s.rows() ? SimdLayerNorm.offer(s, workers) : SimdGroupNorm.offer(s, workers);
                case GruSpec s -> SimdGru.offer(s, workers);
                case LstmSpec s -> SimdLstm.offer(s, workers);
                case RnnSpec s -> SimdRnn.offer(s, workers);
                case ExtremeSpec _, PowerSpec _ -> Offer.refused("for losses and metrics the scalar loop will do");
                case AverageSpec _,
                        InverseDeviationSpec _,
                        PaddingMaskSpec _,
                        RowNumbersSpec _,
                        RunningMomentsSpec _,
                        ClipNormSpec _ -> Offer.refused("so few numbers need no vectors");
            };
        }

        @Override
        public List<String> describe() {
            return List.of(
                    "vectors of " + Lanes.F.vectorBitSize() + " bits, " + workers.threads() + " threads",
                    Inlining.STATUS,
                    TrapLimits.STATUS);
        }
    }
}
