package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** An open oneDNN: its engine and the kernels that were made with it, which live until it is closed. */
final class OneDnnSession implements Backend.Session {
    /** The plan cache holds the primitives, so oneDNN's own cache only has to bridge making the same one twice. */
    private static final int PRIMITIVE_CACHE = 64;

    /**
     * MiB of generated code to keep, about. A program whose batches all differ in size would grow for ever; when this is
     * used up, further shapes go to the next backend, which compiles nothing. A ResNet-50 in training needs 8.
     */
    private static final long MOST_CODE = Long.getLong("gatun.onednn.code", 56) << 20;

    /** A matmul keeps 0.6 MB; a convolution or anything else 0.02 to 0.1. */
    private static final long GEMM_CODE = 600_000;

    private static final long OTHER_CODE = 80_000;

    private final long mostCode;
    private final AtomicLong code = new AtomicLong();
    private final LoadResult.Loaded library;
    private final Engine engine;
    private final ConcurrentHashMap<Spec, Offer> offers = new ConcurrentHashMap<>();

    OneDnnSession(Workers workers, LoadResult.Loaded library) {
        this(workers, library, MOST_CODE);
    }

    /** A session that keeps {@code mostCode} bytes of code. */
    OneDnnSession(Workers workers, LoadResult.Loaded library, long mostCode) {
        this.library = library;
        this.mostCode = mostCode;
        Status.check(
                Dnnl.dnnl_set_primitive_cache_capacity(PRIMITIVE_CACHE),
                "dnnl_set_primitive_cache_capacity",
                "opening oneDNN");
        this.engine = new Engine(workers);
    }

    @Override
    public Offer offer(Spec spec) {
        Offer offer = offers.computeIfAbsent(spec, this::make);
        if (offer instanceof Offer.Refused) {
            // Only kernels are kept; reasons without end would fill the heap.
            offers.remove(spec, offer);
        }
        return offer;
    }

    private Offer make(Spec spec) {
        long more = spec instanceof GemmSpec ? GEMM_CODE : OTHER_CODE;
        // No other backend understands what a recurrent forward has left in the workspace.
        boolean bound = spec instanceof LstmSpec lstm && lstm.pass() == Pass.BACKWARD
                || spec instanceof GruSpec gru && gru.pass() == Pass.BACKWARD
                || spec instanceof RnnSpec rnn && rnn.pass() == Pass.BACKWARD;
        if (!bound && code.get() + more > mostCode) {
            return Offer.refused("oneDNN keeps code for each shape, " + (mostCode >> 20)
                    + " MiB by now; allow it more with -Dgatun.onednn.code=MIB");
        }
        try {
            Offer taken = Offer.of(kernel(spec));
            code.addAndGet(more);
            return taken;
        } catch (Refusal e) {
            return Offer.refused(e.getMessage());
        }
    }

    private Kernel kernel(Spec spec) {
        return switch (spec) {
            case GemmSpec s -> Gemm.kernel(engine, s);
            case ConvSpec s -> Convolution.kernel(engine, s);
            case ActivationSpec s -> Activations.kernel(engine, s);
            case BinarySpec s -> Elementwise.kernel(engine, s);
            case GroupNormSpec s -> LayerNorm.kernel(engine, s);
            case GruSpec s -> OneStateLayer.kernel(engine, s);
            case LstmSpec s -> Lstm.kernel(engine, s);
            case PermuteSpec s -> Permutation.kernel(engine, s);
            case PoolSpec s -> Pooling.kernel(engine, s);
            case QuantizedConvSpec s -> QuantizedConvolution.kernel(engine, s);
            case ReduceSpec s -> Reduction.kernel(engine, s);
            case RnnSpec s -> OneStateLayer.kernel(engine, s);
            case SoftmaxSpec s -> Softmax.kernel(engine, s);
            case QuantizeSpec _ ->
                throw new Refusal("oneDNN's reorder would lose a NaN where ours keeps it in the scale");
            case CopySpec _ -> throw new Refusal("oneDNN copies no faster than Java");
            case MixedSpec _, CastSpec _ ->
                throw new Refusal("16-bit floats are the GPU's; a CPU gains nothing by them here");
            case WhereSpec _ -> throw new Refusal("oneDNN has no faster choice than Java's");
            case AdaptivePoolSpec _ -> throw new Refusal("oneDNN's windows all have one size");
            case AxpbySpec _, LerpSpec _ -> throw new Refusal("oneDNN has no faster pass over memory than Java's");
            case PReluSpec _ ->
                throw new Refusal(
                        "nobody has compared oneDNN's prelu with ours where src is NaN; Java's is bound by memory");
            case CropMirrorNormalizeSpec _ -> throw new Refusal("oneDNN does not look bytes up in a table");
            case CrossEntropySpec _ -> throw new Refusal("oneDNN has no cross-entropy");
            case AverageSpec _,
                    ExtremeSpec _,
                    InverseDeviationSpec _,
                    PaddingMaskSpec _,
                    PowerSpec _,
                    RowNumbersSpec _,
                    RunningMomentsSpec _,
                    ClipNormSpec _ -> throw new Refusal("oneDNN has no primitive for it");
            case PenaltySpec _ -> throw new Refusal("oneDNN has no penalties");
            case LossSpec _ -> throw new Refusal("oneDNN has no losses");
            case DropoutSpec _ -> throw new Refusal("oneDNN's dropout has random numbers of its own");
            case EmbeddingSpec _ -> throw new Refusal("oneDNN has no embedding primitive on CPU");
            case SgdSpec _, AdagradSpec _, RmsPropSpec _, AdamSpec _ -> throw new Refusal("oneDNN has no optimizers");
            case BatchNormSpec s -> BatchNorm.kernel(engine, s);
        };
    }

    @Override
    public List<String> describe() {
        List<String> lines = new ArrayList<>();
        lines.add("oneDNN " + library.version() + " from " + library.place());
        library.attempts().forEach(attempt -> lines.add("tried " + attempt));
        lines.add("instruction set " + Isa.effective());
        lines.add("one thread a primitive, on the pool's " + engine.threads() + " threads; OpenMP " + engine.threads()
                + " where a problem cannot be divided");
        lines.add(
                "OMP_WAIT_POLICY " + Objects.requireNonNullElse(System.getenv("OMP_WAIT_POLICY"), "passive, set here"));
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        for (Offer offer : offers.values()) {
            if (offer instanceof Offer.Taken(OneDnnKernel kernel)) {
                kernel.close();
            }
        }
        offers.clear();
        engine.close();
        Malloc.trim();
    }
}
