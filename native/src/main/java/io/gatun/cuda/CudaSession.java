package io.gatun.cuda;

import io.gatun.cuda.kernels.Activations;
import io.gatun.cuda.kernels.Adagrad;
import io.gatun.cuda.kernels.Adam;
import io.gatun.cuda.kernels.AdaptivePools;
import io.gatun.cuda.kernels.Axpby;
import io.gatun.cuda.kernels.BatchNorm;
import io.gatun.cuda.kernels.Binary;
import io.gatun.cuda.kernels.Casts;
import io.gatun.cuda.kernels.Convolution;
import io.gatun.cuda.kernels.Copies;
import io.gatun.cuda.kernels.CropMirrorNormalize;
import io.gatun.cuda.kernels.CrossEntropy;
import io.gatun.cuda.kernels.CudaKernel;
import io.gatun.cuda.kernels.Dropout;
import io.gatun.cuda.kernels.Embedding;
import io.gatun.cuda.kernels.Extremes;
import io.gatun.cuda.kernels.Gemm;
import io.gatun.cuda.kernels.GroupNorm;
import io.gatun.cuda.kernels.Gru;
import io.gatun.cuda.kernels.Lerp;
import io.gatun.cuda.kernels.Losses;
import io.gatun.cuda.kernels.Lstm;
import io.gatun.cuda.kernels.MixedNorms;
import io.gatun.cuda.kernels.MixedPointwise;
import io.gatun.cuda.kernels.MixedRecurrent;
import io.gatun.cuda.kernels.MixedRows;
import io.gatun.cuda.kernels.PRelu;
import io.gatun.cuda.kernels.Penalties;
import io.gatun.cuda.kernels.Permutations;
import io.gatun.cuda.kernels.Pools;
import io.gatun.cuda.kernels.Powers;
import io.gatun.cuda.kernels.Quantize;
import io.gatun.cuda.kernels.QuantizedConvolution;
import io.gatun.cuda.kernels.Reductions;
import io.gatun.cuda.kernels.RmsProp;
import io.gatun.cuda.kernels.Rnn;
import io.gatun.cuda.kernels.Services;
import io.gatun.cuda.kernels.Sgd;
import io.gatun.cuda.kernels.Softmax;
import io.gatun.cuda.kernels.Where;
import io.gatun.kernel.Backend;
import io.gatun.kernel.Offer;
import io.gatun.memory.Place;
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
import java.util.ArrayList;
import java.util.List;

/** An open CUDA backend: one reference to the device's context. */
final class CudaSession implements Backend.Session {
    private final CudaContext context;

    CudaSession(CudaContext context) {
        this.context = context;
    }

    @Override
    public Offer offer(Spec spec) {
        return switch (family(spec)) {
            case Offer.Taken(CudaKernel kernel) -> Offer.of(kernel.of(spec));
            case Offer other -> other;
        };
    }

    private Offer family(Spec spec) {
        return switch (spec) {
            case ActivationSpec s -> Activations.offer(context, s);
            case AdagradSpec s -> Adagrad.offer(context, s);
            case AdamSpec s -> Adam.offer(context, s);
            case AdaptivePoolSpec s -> AdaptivePools.offer(context, s);
            case AxpbySpec s -> Axpby.offer(context, s);
            case BatchNormSpec s -> BatchNorm.offer(context, s);
            case BinarySpec s -> Binary.offer(context, s);
            case ConvSpec s -> Convolution.offer(context, s);
            case CopySpec s -> Copies.offer(context, s);
            case CropMirrorNormalizeSpec s -> CropMirrorNormalize.offer(context, s);
            case CrossEntropySpec s -> CrossEntropy.offer(context, s);
            case DropoutSpec s -> Dropout.offer(context, s);
            case EmbeddingSpec s -> Embedding.offer(context, s);
            case GemmSpec s -> Gemm.offer(context, s);
            case GroupNormSpec s -> GroupNorm.offer(context, s);
            case GruSpec s -> Gru.offer(context, s);
            case LerpSpec s -> Lerp.offer(context, s);
            case LossSpec s -> Losses.offer(context, s);
            case LstmSpec s -> Lstm.offer(context, s);
            case PReluSpec s -> PRelu.offer(context, s);
            case PenaltySpec s -> Penalties.offer(context, s);
            case PermuteSpec s -> Permutations.offer(context, s);
            case PoolSpec s -> Pools.offer(context, s);
            case QuantizeSpec s -> Quantize.offer(context, s);
            case QuantizedConvSpec s -> QuantizedConvolution.offer(context, s);
            case ReduceSpec s -> Reductions.offer(context, s);
            case RmsPropSpec s -> RmsProp.offer(context, s);
            case RnnSpec s -> Rnn.offer(context, s);
            case SgdSpec s -> Sgd.offer(context, s);
            case SoftmaxSpec s -> Softmax.offer(context, s);
            case WhereSpec s -> Where.offer(context, s);
            case ExtremeSpec s -> Extremes.offer(context, s);
            case PowerSpec s -> Powers.offer(context, s);
            case AverageSpec s -> Services.offer(context, s);
            case InverseDeviationSpec s -> Services.offer(context, s);
            case PaddingMaskSpec s -> Services.offer(context, s);
            case RowNumbersSpec s -> Services.offer(context, s);
            case RunningMomentsSpec s -> Services.offer(context, s);
            case MixedSpec s when s.of() instanceof GemmSpec gemm -> Gemm.offer(context, gemm, s.storage(), s.wide());
            case MixedSpec s when s.of() instanceof ConvSpec conv -> Convolution.offer(context, s, conv);
            case MixedSpec s when MixedNorms.has(s.of()) -> MixedNorms.offer(context, s);
            case MixedSpec s when MixedRecurrent.has(s.of()) -> MixedRecurrent.offer(context, s);
            case MixedSpec s when MixedRows.has(s.of()) -> MixedRows.offer(context, s);
            case MixedSpec s -> MixedPointwise.offer(context, s);
            case CastSpec s -> Casts.offer(context, s);
            case ClipNormSpec s -> Services.offer(context, s);
        };
    }

    @Override
    public Place place() {
        return context.place();
    }

    @Override
    public List<String> describe() {
        List<String> lines = new ArrayList<>(CudaLibraries.describe());
        lines.add(context.place().name() + ": compute capability " + context.capability() + ", "
                + context.multiprocessors() + " multiprocessors");
        if (context.lost()) {
            lines.add(context.place().name() + " is lost for this process: a kernel faulted");
        }
        lines.add("memory: " + context.usage() + ", limit "
                + context.place().budget().limit() + " (-Dgatun.cuda.memory.limit)");
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        context.close();
    }
}
