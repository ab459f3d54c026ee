package io.gatun.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.Emulation;
import io.gatun.cuda.RequiresCuda;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Products with a bias and a result of 16 bits by cuBLASLt, of which the contract has few: all layouts, at addresses of 16
 * bytes and of one element, and special values. In this package for its oracles.
 */
@RequiresCuda(vendor = true)
class CublasLtRoundedProductTest {
    private static final List<GemmSpec> PRODUCTS = List.of(
            GemmSpec.of(3, 5, 100),
            GemmSpec.of(17, 19, 65, false, true).withActivation(Activation.RELU),
            GemmSpec.of(9, 33, 20, true, false).scaled(-2, 0),
            GemmSpec.of(8, 16, 31, true, true).withRowStrides(11, 40, 16).withActivation(Activation.RELU),
            GemmSpec.batched(3, 4, 7, 70, false, false).withActivation(Activation.RELU),
            GemmSpec.batched(2, 5, 3, 8, false, true).withBatchStrides(5 * 8 + 3, 0, 5 * 3),
            GemmSpec.of(1, 129, 12),
            GemmSpec.of(130, 1, 6));

    private final SplittableRandom random = new SplittableRandom(KernelContract.SEED);

    @BeforeEach
    void anySize() {
        System.setProperty("gatun.cuda.gemm.rounded", "true");
        EmulatedDevice.reset();
    }

    @AfterEach
    void clear() {
        System.clearProperty("gatun.cuda.gemm.rounded");
    }

    /** By whom: on a GPU the real one need not have all. */
    private static String backend(Kernels kernels, Spec spec) {
        String backend = kernels.plan(spec).backend();
        if (!Emulation.onDevice()) {
            assertThat(backend).as(kernels.explain(spec).toString()).isEqualTo("cublaslt");
        }
        return backend;
    }

    @Test
    void bf16AgreesWithR64() {
        agreesWithR64(DType.BF16);
    }

    @Test
    void specialValuesOfBf16() {
        specialValues(DType.BF16);
    }

    @Test
    @Tag("heavy")
    void f16() {
        agreesWithR64(DType.F16);
        specialValues(DType.F16);
    }

    private void agreesWithR64(DType storage) {
        List<String> wrong = new ArrayList<>();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            for (GemmSpec product : PRODUCTS) {
                Spec spec = new MixedSpec(product.withBias(), storage);
                for (boolean exact : new boolean[] {true, false}) {
                    Inputs inputs = Families.of(spec).anyInputs(spec, exact, random);
                    compare(kernels, spec, inputs, exact ? "exact" : "real", wrong);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private void specialValues(DType storage) {
        List<String> wrong = new ArrayList<>();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            for (Activation activation : List.of(Activation.IDENTITY, Activation.RELU)) {
                Spec spec = new MixedSpec(GemmSpec.of(3, 5, 7).withBias().withActivation(activation), storage);
                Inputs base = Families.of(spec).anyInputs(spec, false, random);
                for (String name : List.of("a", "b", "bias")) {
                    for (double value : SpecialValues.ALL) {
                        Inputs inputs = base.with(name, random.nextInt(base.get(name).length), value);
                        compare(kernels, spec, inputs, SpecialValues.in(inputs), wrong);
                    }
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static void compare(Kernels kernels, Spec spec, Inputs inputs, String what, List<String> wrong) {
        AlignedRuns runs = new AlignedRuns(kernels, backend(kernels, spec), spec, inputs);
        String aligned = runs.aligned(1);
        String difference = aligned != null ? aligned : runs.guarded(1);
        if (difference != null) {
            wrong.add(spec + ", " + what + ": " + difference);
        }
    }
}
