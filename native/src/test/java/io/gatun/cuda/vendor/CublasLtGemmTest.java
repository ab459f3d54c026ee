package io.gatun.cuda.vendor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.gatun.cuda.CudaContext;
import io.gatun.cuda.EmulatedDevice;
import io.gatun.cuda.NvidiaLibrary;
import io.gatun.cuda.RequiresEmulation;
import io.gatun.cuda.runtime.CudaContextLostException;
import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.GraphExec;
import io.gatun.kernel.Choice;
import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Offer;
import io.gatun.kernel.Plan;
import io.gatun.spec.Activation;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.MixedSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract does not see of the products by cuBLASLt: who takes what, addresses, graphs, failures. */
@RequiresEmulation(vendor = true)
class CublasLtGemmTest {
    private static final int NOT_SUPPORTED = 15;
    private static final int INTERNAL_ERROR = 14;

    /** Of the runtime. */
    private static final int INVALID_VALUE = 1;

    private static final String ANY_SIZE = "gatun.cuda.gemm.rounded";

    /** Long enough that the fake's fast algorithm wants a workspace. */
    private static final GemmSpec SPEC = GemmSpec.of(3, 5, 100).withBias().withActivation(Activation.RELU);

    private static final GemmSpec BATCHED =
            GemmSpec.batched(2, 3, 5, 100, false, false).withBias();

    private static final float[] A = filled(300, 0.5f);
    private static final float[] B = filled(500, 2);
    private static final float[] BIAS = {1, 2, 3, -200, 4};
    private static final float[] ROW = {101, 102, 103, 0, 104};

    @AfterEach
    void nothingIsLeft() {
        System.clearProperty(ANY_SIZE);
        long bytes = EmulatedDevice.liveBytes();
        long objects = EmulatedDevice.liveObjects();
        EmulatedDevice.forget();
        assertThat(bytes).isZero();
        assertThat(objects).isZero();
    }

    private static float[] filled(int length, float value) {
        float[] all = new float[length];
        Arrays.fill(all, value);
        return all;
    }

    private static float[] rows(float[] row, int count) {
        float[] all = new float[row.length * count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(row, 0, all, i * row.length, row.length);
        }
        return all;
    }

    @Test
    void whatItHasNotGoesToOurKernelsWithAReason() {
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            assertThat(kernels.plan(SPEC).implementation()).isEqualTo("cublaslt:gemm-f32");
            assertThat(kernels.plan(new MixedSpec(GemmSpec.of(8, 8, 8), DType.F16))
                            .implementation())
                    .isEqualTo("cublaslt:gemm-f16");
            GemmSpec gelu = GemmSpec.of(3, 5, 7).withActivation(Activation.GELU);
            refused(kernels, gelu, "cuBLASLt's GELU is the approximation by tanh, and gelu is by erf");
            refused(kernels, gelu.withActivation(Activation.TANH), "cuBLASLt has no epilogue for tanh");
            refused(kernels, GemmSpec.of(3, 5, 0), "cuBLASLt has no empty matrices");
            refused(
                    kernels,
                    GemmSpec.of(3, 5, 7).scaled(0, 1),
                    "with alpha = 0 cuBLASLt does not say whether a NaN in A or B counts");
            // Once for the reason and once for the plan.
            EmulatedDevice.fail("cublasLtMatmulAlgoGetHeuristic", 1, NOT_SUPPORTED);
            EmulatedDevice.fail("cublasLtMatmulAlgoGetHeuristic", 2, NOT_SUPPORTED);
            refused(kernels, GemmSpec.of(4, 5, 6), "cuBLASLt has no algorithm for this");
        }
    }

    @Test
    void aBiasOfANarrowResultIsAddedToFloatsWhereThatPays() {
        String prefix = "cuBLASLt adds a bias in the type of C, bf16, and it is f32; by way of floats ";
        String small = prefix + "only larger products, or of more terms, are taken for faster than Gatun's own";
        GemmSpec large = GemmSpec.of(4096, 1024, 4096).withBias();
        try (Kernels kernels = Kernels.open("cuda", 1)) {
            rounded(kernels, large);
            rounded(kernels, large.withActivation(Activation.RELU));
            refused(
                    kernels,
                    narrow(large.withActivation(Activation.GELU)),
                    "cuBLASLt's GELU is the approximation by tanh, and gelu is by erf");
            refused(kernels, narrow(GemmSpec.of(4096, 0, 4096).withBias()), "cuBLASLt has no empty matrices");
            refused(kernels, narrow(large.scaled(1, 1)), prefix + "beta C would have to be cast before");
            refused(kernels, narrow(large.withRowStrides(4096, 1024, 1025)), prefix + "C has to be dense");
            GemmSpec batched =
                    GemmSpec.batched(2, 4096, 1024, 4096, false, false).withBias();
            rounded(kernels, batched);
            refused(kernels, narrow(batched.withBatchStrides(0, 0, 4096 * 1024 + 1)), prefix + "C has to be dense");
            // 4,096 * 1,024 * (k - 735) >= 1.2e9
            rounded(kernels, GemmSpec.of(4096, 1024, 1022).withBias());
            refused(kernels, narrow(GemmSpec.of(4096, 1024, 1021).withBias()), small);
            refused(kernels, narrow(GemmSpec.of(3, 5, 7).withBias()), small);
            // 224 MiB
            rounded(kernels, GemmSpec.of(7168, 8192, 1024).withBias());
            refused(
                    kernels,
                    narrow(GemmSpec.of(7169, 8192, 1024).withBias()),
                    prefix + "58728448 of them take more than 234881024 bytes of scratch memory");
        }
    }

    private static MixedSpec narrow(GemmSpec gemm) {
        return new MixedSpec(gemm, DType.BF16);
    }

    private static void rounded(Kernels kernels, GemmSpec gemm) {
        assertThat(kernels.plan(narrow(gemm)).implementation()).as("%s", gemm).isEqualTo("cublaslt:gemm-bf16+cast");
        assertThat(kernels.plan(new MixedSpec(gemm, DType.BF16, true)).implementation())
                .isEqualTo("cublaslt:gemm-bf16");
    }

    private static void refused(Kernels kernels, Spec spec, String reason) {
        assertThat(kernels.explain(spec).answers())
                .filteredOn(answer -> answer.backend().equals("cublaslt"))
                .extracting(Choice.Answer::reason)
                .containsExactly(reason);
        assertThat(kernels.plan(spec).backend()).isEqualTo("cuda");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, matmul_aligned",
        "1, 0, 0, 0, matmul_any",
        "0, 1, 0, 0, matmul_any",
        "0, 0, 1, 0, matmul_any",
        "0, 0, 0, 1, matmul_any"
    })
    void theAlgorithmIsOneThatTheAddressesAllow(int a, int b, int bias, int c, String ran) {
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            MemorySegment result = buffers.of(filled(15, Float.NaN), c);
            kernels.plan(SPEC).run(buffers.of(A, a), buffers.of(B, b), buffers.of(BIAS, bias), result);
            assertThat(buffers.read(result)).containsExactly(rows(ROW, 3));
            assertThat(EmulatedDevice.launches(ran)).isEqualTo(1);
        }
    }

    /** 259 + 258 = 517, of whose neighbours in bfloat16 516 is the nearer; 259 alone would become 260, and all of it 520. */
    @ParameterizedTest
    @CsvSource({
        "0, 0, 0, 0, matmul_aligned",
        "1, 0, 0, 0, matmul_any",
        "0, 1, 0, 0, matmul_any",
        "0, 0, 1, 0, matmul_any",
        "0, 0, 0, 1, matmul_aligned"
    })
    void aNarrowResultIsRoundedOnce(int a, int b, int bias, int c, String ran) {
        System.setProperty(ANY_SIZE, "true");
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            MemorySegment result = buffers.of(bits(filled(15, Float.NaN)), c);
            float[] last = filled(300, 0);
            last[99] = last[199] = last[299] = 7;
            kernels.plan(narrow(SPEC))
                    .run(
                            buffers.of(bits(last), a),
                            buffers.of(bits(filled(500, 37)), b),
                            buffers.of(new float[] {258, -259, -260, 0, 0.5f}, bias),
                            result);
            assertThat(buffers.readShorts(result)).containsExactly(bits(rows(new float[] {516, 0, 0, 260, 260}, 3)));
            assertThat(EmulatedDevice.launches(ran)).isEqualTo(1);
            assertThat(EmulatedDevice.launches("gatun_cast_f32_bf16")).isEqualTo(1);
            assertThat(EmulatedDevice.launches("")).isEqualTo(2);
        }
    }

    /** Of numbers that bfloat16 has. */
    private static short[] bits(float[] values) {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = (short) (Float.floatToRawIntBits(values[i]) >> 16);
        }
        return bits;
    }

    @Test
    void floatsAreRoundedToTf32OnlyWhereAllowed() {
        float[] fine = filled(300, 1 + 0x1p-12f);
        GemmSpec spec = GemmSpec.of(3, 1, 100);
        assertThat(product(spec, fine)).containsOnly(100 + 100 * 0x1p-12f);
        System.setProperty("gatun.cuda.tf32", "true");
        try {
            assertThat(product(spec, fine)).containsOnly(100);
        } finally {
            System.clearProperty("gatun.cuda.tf32");
        }
    }

    private static float[] product(GemmSpec spec, float[] a) {
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            MemorySegment result = buffers.of(new float[3], 0);
            kernels.plan(spec).run(buffers.of(a, 0), buffers.of(filled(100, 1), 0), result);
            return buffers.read(result);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void aCapturedProductIsDoneAgainAtEachLaunch(String async) {
        EmulatedDevice.set("ASYNC", async);
        try (Kernels kernels = Kernels.open("cuda", 1);
                CudaContext context = CudaContext.open();
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Plan plan = kernels.plan(GemmSpec.of(1, 1, 100).scaled(1, 2));
            Plan other = kernels.plan(GemmSpec.of(1, 1, 100));
            MemorySegment a = buffers.of(filled(100, 1), 0);
            MemorySegment b = buffers.of(filled(100, 0.5f), 0);
            MemorySegment c = buffers.of(new float[] {1}, 0);
            MemorySegment elsewhere = buffers.of(new float[1], 0);
            other.run(a, b, elsewhere);
            try (GraphExec step = context.capture("a step", () -> {
                plan.run(a, b, c);
                plan.run(a, b, c);
            })) {
                assertThat(buffers.read(c)).containsExactly(1);
                other.run(a, b, elsewhere);
                context.onStream(step::launch);
                context.onStream(step::launch);
                // c -> 50 + 2 c, four times
                assertThat(buffers.read(c)).containsExactly(16 + 50 * (1 + 2 + 4 + 8));
                assertThat(buffers.read(elsewhere)).containsExactly(50);
            }
        }
    }

    /** The floats between the two launches are in memory that others use before and after. */
    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void aCapturedNarrowProductHasItsFloatsForItself(String async) {
        System.setProperty(ANY_SIZE, "true");
        EmulatedDevice.set("ASYNC", async);
        try (Kernels kernels = Kernels.open("cuda", 1);
                CudaContext context = CudaContext.open();
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Plan plan = kernels.plan(narrow(GemmSpec.of(2, 1, 100).withBias()));
            MemorySegment a = buffers.of(bits(filled(200, 1)), 0);
            MemorySegment b = buffers.of(bits(filled(100, 0.5f)), 0);
            MemorySegment one = buffers.of(new float[] {1}, 0);
            MemorySegment two = buffers.of(new float[] {-2}, 0);
            MemorySegment c = buffers.of(new short[2], 0);
            MemorySegment d = buffers.of(new short[2], 0);
            plan.run(a, b, two, c);
            try (GraphExec step = context.capture("a step", () -> {
                plan.run(a, b, one, c);
                plan.run(a, b, two, d);
            })) {
                assertThat(buffers.readShorts(c)).containsExactly(bits(filled(2, 48)));
                for (int i = 0; i < 2; i++) {
                    plan.run(a, b, two, c);
                    context.onStream(step::launch);
                    assertThat(buffers.readShorts(c)).containsExactly(bits(filled(2, 51)));
                    assertThat(buffers.readShorts(d)).containsExactly(bits(filled(2, 48)));
                }
            }
        }
    }

    /** All that a session does with cuBLASLt. */
    private static void session(Spec spec) {
        try (Kernels kernels = Kernels.open("cuda", 1);
                DeviceBuffers buffers = new DeviceBuffers(kernels)) {
            Plan plan = kernels.plan(spec);
            assertThat(plan.backend()).isEqualTo("cublaslt");
            MemorySegment[] operands = plan.operands().stream()
                    .map(operand -> buffers.of(new short[(int) operand.bytes() / 2], 0))
                    .toArray(MemorySegment[]::new);
            plan.run(operands);
            buffers.readShorts(operands[3]);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cublasLtMatmulDescCreate",
                "cublasLtMatmulDescSetAttribute",
                "cublasLtMatrixLayoutCreate",
                "cublasLtMatrixLayoutSetAttribute",
                "cublasLtMatmulPreferenceCreate",
                "cublasLtMatmulPreferenceSetAttribute",
                "cublasLtMatmulAlgoGetHeuristic",
                "cublasLtMatmul"
            })
    void aFailureIsNamedAndLeavesNothing(String call) {
        System.setProperty(ANY_SIZE, "true");
        for (Spec spec : new Spec[] {BATCHED, narrow(BATCHED)}) {
            EmulatedDevice.reset();
            session(spec);
            long times = EmulatedDevice.calls(call);
            assertThat(times).isPositive();
            for (long k = 1; k <= times; k++) {
                EmulatedDevice.reset();
                EmulatedDevice.fail(call, k, INTERNAL_ERROR);
                assertThat(catchThrowable(() -> session(spec)))
                        .as(call + " " + k)
                        .isInstanceOfSatisfying(CudaException.class, e -> {
                            assertThat(e.call()).isEqualTo(call);
                            assertThat(e.error()).isEqualTo("CUBLAS_STATUS_INTERNAL_ERROR");
                            assertThat(e.code()).isEqualTo(INTERNAL_ERROR);
                            assertThat(e)
                                    .hasMessage("cuda:0: " + spec + ": " + call
                                            + " returned CUBLAS_STATUS_INTERNAL_ERROR (14)");
                        });
                assertThat(EmulatedDevice.liveObjects()).as(call + " " + k).isZero();
                assertThat(EmulatedDevice.liveBytes()).as(call + " " + k).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cudaLibraryLoadData", "cudaLaunchKernel"})
    void aCastThatFailsIsNamedAndLeavesNothing(String call) {
        System.setProperty(ANY_SIZE, "true");
        EmulatedDevice.reset();
        session(narrow(BATCHED));
        assertThat(EmulatedDevice.calls(call)).isEqualTo(1);
        EmulatedDevice.reset();
        EmulatedDevice.fail(call, 1, INVALID_VALUE);
        assertThat(catchThrowable(() -> session(narrow(BATCHED))))
                .isInstanceOfSatisfying(
                        CudaException.class, e -> assertThat(e.call()).isEqualTo(call));
    }

    @Test
    void aFaultEndsTheContextAndNamesTheProduct() {
        EmulatedDevice.set("QUIET", "1");
        VendorSession session = VendorSession.open(NvidiaLibrary.CUBLASLT, CublasLtSession::new);
        try {
            Offer.Taken taken = (Offer.Taken) session.offer(GemmSpec.of(3, 5, 7));
            long nowhere = 4096;
            long[] frame = {nowhere, nowhere, nowhere, 0};
            taken.kernel().execute(frame);
            assertThatThrownBy(() -> taken.kernel().execute(frame))
                    .isInstanceOf(CudaContextLostException.class)
                    .hasMessageContaining("cudaErrorIllegalAddress")
                    .hasMessageContaining("seen by cublasLtMatmul (gemm f32 m=3 n=5 k=7) after cublaslt:gemm-f32 was");
        } finally {
            session.close();
            EmulatedDevice.forget();
        }
    }

    /** A program whose batches all differ in size. */
    @Test
    void whatAForgottenPlanStoodOnIsGivenBack() throws InterruptedException {
        VendorSession session = VendorSession.open(NvidiaLibrary.CUBLASLT, CublasLtSession::new);
        try {
            long before = EmulatedDevice.liveObjects();
            for (int n = 1; n <= 50; n++) {
                assertThat(session.offer(GemmSpec.of(n, 3, 4))).isInstanceOf(Offer.Taken.class);
            }
            for (int i = 0; i < 100 && EmulatedDevice.liveObjects() > before + 40; i++) {
                System.gc();
                Thread.sleep(20);
                session.offer(GemmSpec.of(3, 3, 4));
            }
            assertThat(EmulatedDevice.liveObjects()).isLessThanOrEqualTo(before + 40);
        } finally {
            session.close();
        }
    }
}
