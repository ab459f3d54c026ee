package io.gatun.autograd;

import io.gatun.kernel.Shape;
import io.gatun.spec.GemmSpec;

/**
 * The geometry of C[b] = op(A[b]) · op(B[b]) and of its two gradients, op(A) being m x k and op(B) k x n.
 *
 * @param sharedA whether all products of the batch use one A
 * @param sharedB whether all products of the batch use one B
 */
record Products(int batch, int m, int n, int k, boolean transA, boolean transB, boolean sharedA, boolean sharedB) {

    /** From shapes [..., rows, cols]; either may lack the batch axes. */
    static Products of(Shape a, Shape b, boolean transA, boolean transB) {
        if (a.rank() < 2 || b.rank() < 2) {
            throw refused(a, b, transA, transB, "both need at least two axes; reshape a vector to a row or a column");
        }
        int m = a.dim(transA ? -1 : -2);
        int k = a.dim(transA ? -2 : -1);
        int n = b.dim(transB ? -2 : -1);
        if (b.dim(transB ? -1 : -2) != k) {
            throw refused(
                    a, b, transA, transB, "the inner sizes " + k + " and " + b.dim(transB ? -1 : -2) + " must agree");
        }
        if (a.rank() > 2 && b.rank() > 2 && !Views.leading(a, 2).equals(Views.leading(b, 2))) {
            throw refused(a, b, transA, transB, "their batch axes must agree or be 1, or one of them must have none");
        }
        int batch = Math.toIntExact(Views.leading(a.rank() > 2 ? a : b, 2).elements());
        boolean sharedA = a.rank() == 2 && b.rank() > 2;
        boolean sharedB = b.rank() == 2 && a.rank() > 2;
        if (sharedB && !transA) {
            // [batch, m, k] · [k, n] is one taller product.
            return new Products(1, Math.multiplyExact(batch, m), n, k, false, transB, false, false);
        }
        return new Products(batch, m, n, k, transA, transB, sharedA, sharedB);
    }

    private static IllegalArgumentException refused(Shape a, Shape b, boolean ta, boolean tb, String fix) {
        return new IllegalArgumentException(
                "matmul: " + a + (ta ? " transposed" : "") + " and " + b + (tb ? " transposed" : "") + ": " + fix);
    }

    private long strideA() {
        return sharedA ? 0 : (long) m * k;
    }

    private long strideB() {
        return sharedB ? 0 : (long) k * n;
    }

    private long strideC() {
        return (long) m * n;
    }

    GemmSpec forward() {
        return GemmSpec.batched(batch, m, n, k, transA, transB).withBatchStrides(strideA(), strideB(), strideC());
    }

    /** dA = dC · op(B)ᵀ, operands dC, B; with {@code transA} its transpose, op(B) · dCᵀ, operands B, dC. */
    GemmSpec gradientA() {
        long size = (long) m * k;
        return transA
                ? GemmSpec.batched(batch, k, m, n, transB, true).withBatchStrides(strideB(), strideC(), size)
                : GemmSpec.batched(batch, m, k, n, false, !transB).withBatchStrides(strideC(), strideB(), size);
    }

    /** dB = op(A)ᵀ · dC, operands A, dC; with {@code transB} its transpose, dCᵀ · op(A), operands dC, A. */
    GemmSpec gradientB() {
        long size = (long) k * n;
        return transB
                ? GemmSpec.batched(batch, n, k, m, true, transA).withBatchStrides(strideC(), strideA(), size)
                : GemmSpec.batched(batch, k, n, m, !transA, false).withBatchStrides(strideA(), strideC(), size);
    }
}
