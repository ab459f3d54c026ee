package io.gatun.spec;

import io.gatun.kernel.DType;
import io.gatun.kernel.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * C[b] = act(alpha · op(A[b]) · op(B[b]) + bias + beta · C[b]) for b = 0 … batch-1, row-major: op(A) is M x K, op(B)
 * K x N, C M x N and bias a row of N.
 *
 * <p>{@code lda}, {@code ldb}, {@code ldc} are row strides of the matrices as stored (A is stored K x M if
 * {@code transA}); {@code strideA}, … are the distances between the matrices of a batch, 0 for A or B shared by all.
 * With beta = 0, C is not read; with K = 0, C = act(bias + beta C).
 *
 * <p>Operands: a, b, [bias], c.
 */
public record GemmSpec(
        int m,
        int n,
        int k,
        int batch,
        boolean transA,
        boolean transB,
        int lda,
        int ldb,
        int ldc,
        long strideA,
        long strideB,
        long strideC,
        float alpha,
        float beta,
        boolean bias,
        Activation activation)
        implements Spec {

    public GemmSpec {
        Checks.notNegative("gemm", "m", m);
        Checks.notNegative("gemm", "n", n);
        Checks.notNegative("gemm", "k", k);
        Checks.notNegative("gemm", "batch", batch);
        Checks.finite("gemm", "alpha", alpha);
        Checks.finite("gemm", "beta", beta);
        int aCols = transA ? m : k;
        int bCols = transB ? k : n;
        Checks.require(lda >= aCols, () -> "gemm: lda=" + lda + " is less than a row of A, " + aCols);
        Checks.require(ldb >= bCols, () -> "gemm: ldb=" + ldb + " is less than a row of B, " + bCols);
        Checks.require(ldc >= n, () -> "gemm: ldc=" + ldc + " is less than a row of C, " + n);
        Checks.notNegative("gemm", "sa", strideA);
        Checks.notNegative("gemm", "sb", strideB);
        Checks.require(
                batch <= 1 || strideC >= span(m, n, ldc),
                () -> "gemm: sc=" + strideC + " makes the matrices of C overlap, each spans " + span(m, n, ldc));
        Checks.product("gemm", Math.max(1, batch), Math.max(1, Math.max(strideA, span(transA ? k : m, aCols, lda))));
        Checks.product("gemm", Math.max(1, batch), Math.max(1, Math.max(strideB, span(transB ? n : k, bCols, ldb))));
        Checks.product("gemm", Math.max(1, batch), Math.max(1, strideC));
    }

    /** C = A · B, all dense. */
    public static GemmSpec of(int m, int n, int k) {
        return of(m, n, k, false, false);
    }

    /** C = op(A) · op(B), all dense. */
    public static GemmSpec of(int m, int n, int k, boolean transA, boolean transB) {
        return batched(1, m, n, k, transA, transB);
    }

    /** {@code batch} dense products, one behind the other. */
    public static GemmSpec batched(int batch, int m, int n, int k, boolean transA, boolean transB) {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                transA ? m : k,
                transB ? k : n,
                n,
                (long) m * k,
                (long) k * n,
                (long) m * n,
                1,
                0,
                false,
                Activation.IDENTITY);
    }

    public GemmSpec scaled(float newAlpha, float newBeta) {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                lda,
                ldb,
                ldc,
                strideA,
                strideB,
                strideC,
                newAlpha,
                newBeta,
                bias,
                activation);
    }

    public GemmSpec withBias() {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                lda,
                ldb,
                ldc,
                strideA,
                strideB,
                strideC,
                alpha,
                beta,
                true,
                activation);
    }

    public GemmSpec withActivation(Activation newActivation) {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                lda,
                ldb,
                ldc,
                strideA,
                strideB,
                strideC,
                alpha,
                beta,
                bias,
                newActivation);
    }

    /** Row strides of A, B and C as stored, for matrices that are parts of larger ones. */
    public GemmSpec withRowStrides(int newLda, int newLdb, int newLdc) {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                newLda,
                newLdb,
                newLdc,
                (long) newLda * (transA ? k : m),
                (long) newLdb * (transB ? n : k),
                (long) newLdc * m,
                alpha,
                beta,
                bias,
                activation);
    }

    /** Distances between the matrices of a batch; 0 for A or B shares one matrix. */
    public GemmSpec withBatchStrides(long newStrideA, long newStrideB, long newStrideC) {
        return new GemmSpec(
                m,
                n,
                k,
                batch,
                transA,
                transB,
                lda,
                ldb,
                ldc,
                newStrideA,
                newStrideB,
                newStrideC,
                alpha,
                beta,
                bias,
                activation);
    }

    private static long span(long rows, long cols, long stride) {
        return rows == 0 || cols == 0 ? 0 : (rows - 1) * stride + cols;
    }

    private long elements(long stride, long span) {
        return batch == 0 || span == 0 ? 0 : (batch - 1) * stride + span;
    }

    @Override
    public List<Operand> operands() {
        List<Operand> operands = new ArrayList<>(4);
        operands.add(Operand.read("a", DType.F32, elements(strideA, transA ? span(k, m, lda) : span(m, k, lda))));
        operands.add(Operand.read("b", DType.F32, elements(strideB, transB ? span(n, k, ldb) : span(k, n, ldb))));
        if (bias) {
            operands.add(Operand.read("bias", DType.F32, n));
        }
        long c = elements(strideC, span(m, n, ldc));
        // Row gaps of C belong to someone else: only a dense C may be taken as written whole.
        boolean whole = beta == 0 && ldc == n && (batch <= 1 || strideC == (long) m * n);
        operands.add(whole ? Operand.write("c", DType.F32, c) : Operand.update("c", DType.F32, c));
        return List.copyOf(operands);
    }

    @Override
    public double flops() {
        return 2.0 * batch * m * n * k;
    }

    static GemmSpec parse(SpecLine line) {
        int m = line.integer("m");
        int n = line.integer("n");
        int k = line.integer("k");
        boolean transA = line.flag("ta");
        boolean transB = line.flag("tb");
        int lda = line.integer("lda", transA ? m : k);
        int ldb = line.integer("ldb", transB ? k : n);
        int ldc = line.integer("ldc", n);
        return new GemmSpec(
                m,
                n,
                k,
                line.integer("batch", 1),
                transA,
                transB,
                lda,
                ldb,
                ldc,
                line.count("sa", (long) lda * (transA ? k : m)),
                line.count("sb", (long) ldb * (transB ? n : k)),
                line.count("sc", (long) ldc * m),
                line.real("alpha", 1),
                line.real("beta", 0),
                line.flag("bias"),
                Activation.parse(line.text("act", "identity")));
    }

    @Override
    public String toString() {
        return new SpecLine.Writer("gemm")
                .flag("ta", transA)
                .flag("tb", transB)
                .flag("bias", bias)
                .put("m", m)
                .put("n", n)
                .put("k", k)
                .put("batch", batch, 1)
                .put("lda", lda, transA ? m : k)
                .put("ldb", ldb, transB ? k : n)
                .put("ldc", ldc, n)
                .put("sa", strideA, (long) lda * (transA ? k : m))
                .put("sb", strideB, (long) ldb * (transB ? n : k))
                .put("sc", strideC, (long) ldc * m)
                .put("alpha", alpha, 1f)
                .put("beta", beta, 0f)
                .put("act", activation, Activation.IDENTITY)
                .toString();
    }
}
