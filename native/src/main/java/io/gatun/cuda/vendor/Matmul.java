package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cublaslt.CublasLt;
import io.gatun.bindings.cublaslt.cublasLtMatmulAlgo_t;
import io.gatun.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import io.gatun.memory.Owned;
import io.gatun.spec.GemmSpec;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.ToIntFunction;

/**
 * cuBLASLt's descriptors of one product. Its first factor is our B and its second our A. Used under the context's lock,
 * because attributes are written through one value.
 */
final class Matmul {
    /** {@code CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE}: slices of k are added up in float, in a step of their own. */
    private static final int SUMS_IN_FLOAT = 2;

    /** The best that cuBLASLt knows of; what follows the first good one is not looked at. */
    private static final int MOST_ALGORITHMS = 4;

    /** A way to compute the product, and the bytes of device memory that it needs. */
    record Algorithm(MemorySegment code, long workspace) {}

    /** {@code cublasLt…SetAttribute}. */
    @FunctionalInterface
    private interface Setter {
        int set(MemorySegment descriptor, int attribute, MemorySegment value, long bytes);
    }

    private final CublasLtSession session;
    private final Spec spec;
    private final Owned parts;

    /** What attributes are written from, and new descriptors are found in. */
    private final MemorySegment value = Arena.ofAuto().allocate(JAVA_LONG);

    private MemorySegment operation;
    private MemorySegment first;
    private MemorySegment second;
    private MemorySegment result;
    private MemorySegment alpha;
    private MemorySegment beta;
    private boolean biased;

    /** Of this spec, with its descriptors among the parts. */
    Matmul(CublasLtSession session, Spec spec, Owned parts) {
        this.session = session;
        this.spec = spec;
        this.parts = parts;
    }

    /** Makes the descriptors, with {@code cudaDataType} and {@code cublasComputeType_t} by number. */
    void describe(GemmSpec gemm, int storage, int resultType, int compute) {
        check(CublasLt.cublasLtMatmulDescCreate(value, compute, CublasLt.CUDA_R_32F()), "cublasLtMatmulDescCreate");
        operation = part(CublasLt::cublasLtMatmulDescDestroy, "cublasLtMatmulDescDestroy");
        operation(CublasLt.CUBLASLT_MATMUL_DESC_TRANSA(), transposed(gemm.transB()));
        operation(CublasLt.CUBLASLT_MATMUL_DESC_TRANSB(), transposed(gemm.transA()));
        operation(CublasLt.CUBLASLT_MATMUL_DESC_EPILOGUE(), CublasLtGemm.epilogue(gemm));
        MemorySegment scales = Arena.ofAuto().allocateFrom(JAVA_FLOAT, gemm.alpha(), gemm.beta());
        alpha = scales.asSlice(0, Float.BYTES);
        beta = scales.asSlice(Float.BYTES);
        biased = gemm.bias();
        // Stored rows are columns here; their length is the number of rows.
        int batch = gemm.batch();
        int n = gemm.n();
        int m = gemm.m();
        int k = gemm.k();
        first = layout(storage, gemm.transB() ? k : n, gemm.transB() ? n : k, gemm.ldb(), batch, gemm.strideB());
        second = layout(storage, gemm.transA() ? m : k, gemm.transA() ? k : m, gemm.lda(), batch, gemm.strideA());
        result = layout(resultType, n, m, gemm.ldc(), batch, gemm.strideC());
    }

    private static int transposed(boolean yes) {
        return yes ? CublasLt.CUBLAS_OP_T() : CublasLt.CUBLAS_OP_N();
    }

    private MemorySegment layout(int type, long rows, long columns, long columnStride, int batch, long batchStride) {
        check(
                CublasLt.cublasLtMatrixLayoutCreate(value, type, rows, columns, columnStride),
                "cublasLtMatrixLayoutCreate");
        MemorySegment layout = part(CublasLt::cublasLtMatrixLayoutDestroy, "cublasLtMatrixLayoutDestroy");
        if (batch > 1) {
            Setter setter = CublasLt::cublasLtMatrixLayoutSetAttribute;
            String call = "cublasLtMatrixLayoutSetAttribute";
            set(setter, call, layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT(), batch);
            set(setter, call, layout, CublasLt.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET(), batchStride);
        }
        return layout;
    }

    private void operation(int attribute, int number) {
        set(CublasLt::cublasLtMatmulDescSetAttribute, "cublasLtMatmulDescSetAttribute", operation, attribute, number);
    }

    /** Where the bias begins; before algorithms are asked for, an address that is as well aligned as any will be. */
    void bias(long address) {
        set(
                CublasLt::cublasLtMatmulDescSetAttribute,
                "cublasLtMatmulDescSetAttribute",
                operation,
                CublasLt.CUBLASLT_MATMUL_DESC_BIAS_POINTER(),
                address);
    }

    /**
     * The algorithm that cuBLASLt expects to be the fastest. Sums that are cut are added up in a fixed order and in float:
     * so the bits are the same each time, and 16-bit results are rounded once.
     *
     * @param factors what the addresses of A and B are multiples of, in bytes
     * @param results the same of C; a bias begins at the larger of that and 4
     * @throws Refusal if there is none
     */
    Algorithm algorithm(int factors, int results) {
        if (biased) {
            bias(Math.max(results, Float.BYTES));
        }
        try (Arena arena = Arena.ofConfined();
                Owned asked = new Owned()) {
            MemorySegment preference = preference(asked, factors, results);
            MemorySegment found = cublasLtMatmulHeuristicResult_t.allocateArray(MOST_ALGORITHMS, arena);
            MemorySegment count = arena.allocate(JAVA_INT);
            int status = CublasLt.cublasLtMatmulAlgoGetHeuristic(
                    session.handle(),
                    operation,
                    first,
                    second,
                    result,
                    result,
                    preference,
                    MOST_ALGORITHMS,
                    found,
                    count);
            if (status == CublasLt.CUBLAS_STATUS_NOT_SUPPORTED()) {
                throw new Refusal("cuBLASLt has no algorithm for this");
            }
            check(status, "cublasLtMatmulAlgoGetHeuristic");
            return best(found, count.get(JAVA_INT, 0));
        }
    }

    private static Algorithm best(MemorySegment found, int count) {
        for (int i = 0; i < count; i++) {
            MemorySegment one = cublasLtMatmulHeuristicResult_t.asSlice(found, i);
            long workspace = cublasLtMatmulHeuristicResult_t.workspaceSize(one);
            boolean good = cublasLtMatmulHeuristicResult_t.state(one) == CublasLt.CUBLAS_STATUS_SUCCESS();
            if (good && workspace <= CublasLtGemm.MOST_WORKSPACE) {
                MemorySegment code = Arena.ofAuto().allocate(cublasLtMatmulAlgo_t.layout());
                return new Algorithm(code.copyFrom(cublasLtMatmulHeuristicResult_t.algo(one)), workspace);
            }
        }
        throw new Refusal("cuBLASLt has no algorithm for this");
    }

    private MemorySegment preference(Owned asked, int factors, int results) {
        check(CublasLt.cublasLtMatmulPreferenceCreate(value), "cublasLtMatmulPreferenceCreate");
        MemorySegment preference =
                part(asked, CublasLt::cublasLtMatmulPreferenceDestroy, "cublasLtMatmulPreferenceDestroy");
        Setter setter = CublasLt::cublasLtMatmulPreferenceSetAttribute;
        String call = "cublasLtMatmulPreferenceSetAttribute";
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(), CublasLtGemm.MOST_WORKSPACE);
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(), SUMS_IN_FLOAT);
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES(), factors);
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES(), factors);
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES(), results);
        set(setter, call, preference, CublasLt.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES(), results);
        return preference;
    }

    /** Begins the product on the context's stream. */
    void run(Algorithm algorithm, long a, long b, long c, long scratch) {
        MemorySegment target = MemorySegment.ofAddress(c);
        check(
                CublasLt.cublasLtMatmul(
                        session.handle(),
                        operation,
                        alpha,
                        MemorySegment.ofAddress(b),
                        first,
                        MemorySegment.ofAddress(a),
                        second,
                        beta,
                        target,
                        result,
                        target,
                        result,
                        algorithm.code,
                        MemorySegment.ofAddress(scratch),
                        algorithm.workspace,
                        MemorySegment.ofAddress(session.context.stream().handle())),
                "cublasLtMatmul");
    }

    private MemorySegment part(ToIntFunction<MemorySegment> destroy, String call) {
        return part(parts, destroy, call);
    }

    /** What was made last. */
    private MemorySegment part(Owned owner, ToIntFunction<MemorySegment> destroy, String call) {
        MemorySegment made = value.get(ADDRESS, 0);
        Statuses statuses = session.statuses;
        owner.add(() -> statuses.checkClosed(destroy.applyAsInt(made), call));
        return made;
    }

    private void set(Setter setter, String call, MemorySegment descriptor, int attribute, int number) {
        value.set(JAVA_INT, 0, number);
        check(setter.set(descriptor, attribute, value, Integer.BYTES), call);
    }

    private void set(Setter setter, String call, MemorySegment descriptor, int attribute, long number) {
        value.set(JAVA_LONG, 0, number);
        check(setter.set(descriptor, attribute, value, Long.BYTES), call);
    }

    private void check(int status, String call) {
        session.statuses.check(status, call, spec);
    }
}
