package io.gatun.onednn;

import io.gatun.contract.KernelContract;
import io.gatun.spec.Activation;
import io.gatun.spec.ActivationSpec;
import io.gatun.spec.BatchNormSpec;
import io.gatun.spec.BinarySpec;
import io.gatun.spec.ConvSpec;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.GroupNormSpec;
import io.gatun.spec.GruSpec;
import io.gatun.spec.LstmSpec;
import io.gatun.spec.PermuteSpec;
import io.gatun.spec.PoolSpec;
import io.gatun.spec.QuantizedConvSpec;
import io.gatun.spec.ReduceSpec;
import io.gatun.spec.RnnSpec;
import io.gatun.spec.SoftmaxSpec;
import io.gatun.spec.Spec;
import java.util.Set;
import org.junit.jupiter.api.Tag;

/**
 * oneDNN's kernels against the double-precision oracles; two more runs cap oneDNN to AVX2 and
 * SSE4.1 (see the pom).
 */
@Tag("widths")
@RequiresOneDnn
class OneDnnContractTest extends KernelContract {
    @Override
    protected String backend() {
        return "onednn";
    }

    @Override
    protected Set<Class<? extends Spec>> families() {
        return Set.of(
                ActivationSpec.class,
                BatchNormSpec.class,
                BinarySpec.class,
                ConvSpec.class,
                GemmSpec.class,
                GroupNormSpec.class,
                GruSpec.class,
                LstmSpec.class,
                PermuteSpec.class,
                PoolSpec.class,
                QuantizedConvSpec.class,
                ReduceSpec.class,
                RnnSpec.class,
                SoftmaxSpec.class);
    }

    /** The widest instructions take every spec, AVX2 the even ones and SSE4.1 the odd ones. */
    @Override
    protected int every() {
        return System.getenv("ONEDNN_MAX_CPU_ISA") == null ? 1 : 2;
    }

    @Override
    protected int from() {
        return "SSE41".equals(System.getenv("ONEDNN_MAX_CPU_ISA")) ? 1 : 0;
    }

    /** The products of all steps' inputs are one matrix product, which oneDNN adds up by its size. */
    @Override
    protected boolean sameBitsAtAnyLength() {
        return false;
    }

    /** Sums of bytes are exact, and what comes behind has one order. */
    @Override
    protected Set<Class<? extends Spec>> bitwiseEqualToReference() {
        return Set.of(QuantizedConvSpec.class);
    }

    /** Of the other families it takes a part, which some of the contract's short lists miss. */
    @Override
    protected Set<Class<? extends Spec>> mustOffer() {
        return Set.of(
                BinarySpec.class, ConvSpec.class, GemmSpec.class, GruSpec.class, LstmSpec.class, PermuteSpec.class);
    }

    /**
     * What a training step spends its time in must not fall to a slower backend unnoticed. Below AVX2 oneDNN has only
     * its reference implementation of a matrix product with alpha or beta; its GELU is wrong at infinities. Bytes it adds
     * exactly with VNNI only, and on AMX tiles with other bits than ours; images that are all padding are few.
     */
    @Override
    protected boolean mayRefuse(Spec spec) {
        boolean product =
                spec instanceof GemmSpec gemm && gemm.activation().kind() != Activation.Kind.GELU && Isa.hasFma();
        boolean bytes = spec instanceof QuantizedConvSpec quantized
                && (long) quantized.conv().h() * quantized.conv().w() > 0
                && Isa.addsBytesExactly()
                && !Isa.hasTiles();
        return !(product || bytes || spec instanceof LstmSpec || spec instanceof GruSpec);
    }
}
