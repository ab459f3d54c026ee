package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;
import io.gatun.kernel.Backend;
import io.gatun.kernel.Kernel;
import io.gatun.kernel.Offer;
import io.gatun.parallel.Workers;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.AdamWSpec;
import io.gatun.spec.AxpbySpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.CrossEntropySpec;
import io.gatun.spec.DropoutSpec;
import io.gatun.spec.EmbeddingSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.SgdSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** An open oneDNN: its engine and the kernels that were made with it, which live until it is closed. */
final class OneDnnSession implements Backend.Session {
    /** The plan cache holds the primitives, so oneDNN's own cache only has to bridge making the same one twice. */
    private static final int PRIMITIVE_CACHE = 64;

    /**
     * A matmul keeps 0.6 MB of code (a convolution 0.03 to 0.1), so a program whose batches all differ in size would
     * grow for ever. Beyond so many shapes GEMM goes to the next backend, which compiles nothing.
     */
    private static final int GEMM_SHAPES = 512;

    private final AtomicInteger gemms = new AtomicInteger();
    private final LoadResult.Loaded library;
    private final Engine engine;
    private final ConcurrentHashMap<Spec, Offer> offers = new ConcurrentHashMap<>();

    OneDnnSession(Workers workers, LoadResult.Loaded library) {
        this.library = library;
        Status.check(
                Dnnl.dnnl_set_primitive_cache_capacity(PRIMITIVE_CACHE),
                "dnnl_set_primitive_cache_capacity",
                "opening oneDNN");
        this.engine = new Engine(workers);
    }

    @Override
    public Offer offer(Spec spec) {
        return offers.computeIfAbsent(spec, this::make);
    }

    private Offer make(Spec spec) {
        try {
            return Offer.of(kernel(spec));
        } catch (Refusal e) {
            return Offer.refused(e.getMessage());
        }
    }

    private Kernel kernel(Spec spec) {
        return switch (spec) {
            case GemmSpec s -> gemm(s);
            case ConvSpec s -> Convolution.kernel(engine, s);
            case ActivationSpec s -> Activations.kernel(engine, s);
            case BinarySpec s -> Elementwise.kernel(engine, s);
            case LstmSpec s -> Lstm.kernel(engine, s);
            case PermuteSpec s -> Permutation.kernel(engine, s);
            case PoolSpec s -> Pooling.kernel(engine, s);
            case ReduceSpec s -> Reduction.kernel(engine, s);
            case SoftmaxSpec s -> Softmax.kernel(engine, s);
            case AxpbySpec _ -> throw new Refusal("oneDNN has no faster pass over memory than Java's");
            case CrossEntropySpec _ -> throw new Refusal("oneDNN has no cross-entropy");
            case DropoutSpec _ -> throw new Refusal("oneDNN's dropout has random numbers of its own");
            case EmbeddingSpec _ -> throw new Refusal("oneDNN has no embedding primitive on CPU");
            case SgdSpec _, AdamWSpec _ -> throw new Refusal("oneDNN has no optimizers");
            case BatchNormSpec s -> BatchNorm.kernel(engine, s);
        };
    }

    private Kernel gemm(GemmSpec spec) {
        if (gemms.incrementAndGet() > GEMM_SHAPES) {
            throw new Refusal("oneDNN keeps 0.6 MB for each GEMM shape, and " + GEMM_SHAPES + " are in use");
        }
        return Gemm.kernel(engine, spec);
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
