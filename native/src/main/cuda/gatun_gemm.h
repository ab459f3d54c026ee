// What the GEMM kernels share: their parameters, where a block's tile lies, and the epilogue.
#pragma once

#include "gatun_tile.h"

struct GatunPlaceInC {
    int batch, row, column;
};

// Where sums go: to c through the epilogue, or raw to `partial`. A sum may come in pieces; the first brings bias and
// beta c, the last the activation.
template <typename T>
struct GatunGemmOut {
    T* c;
    const float* bias;  // or null
    float* partial;     // or null; dense, m x n
    int m, n, ldc;
    float alpha, beta;
    int activation;
    float p, q;
    bool runs;  // c's rows are aligned for runs
    bool wide;  // c holds floats, whatever T
    bool first, last;

    template <int N>
    GATUN_METHOD void put(int row, int column, const float* sum) const {
        if (row >= m || column >= n) {
            return;
        }
        if (partial) {
            float* to = partial + (long long) row * n + column;
#pragma unroll
            for (int i = 0; i < N; i++) {
                if (column + i < n) {
                    to[i] = first ? sum[i] : to[i] + sum[i];
                }
            }
            return;
        }
        long long to = (long long) row * ldc + column;
        int width = n - column;
        float v[N];
#pragma unroll
        for (int i = 0; i < N; i++) {
            v[i] = alpha * sum[i];
            if (i < width) {
                v[i] += first ? bias ? bias[column + i] : 0.0f : before(to + i);
                if (first && beta != 0.0f) {
                    v[i] = fmaf(beta, before(to + i), v[i]);
                }
            }
        }
        if (last && activation != GATUN_IDENTITY) {
#pragma unroll 1
            for (int turn = 0; turn < N; turn++) {  // the numbers go round, so that the functions are there once
                float f = gatun_activate(activation, p, q, v[0]);
#pragma unroll
                for (int i = 0; i + 1 < N; i++) {
                    v[i] = v[i + 1];
                }
                v[N - 1] = f;
            }
        }
        if (wide) {
            put_run((float*) c + to, v, width);
        } else {
            put_run(c + to, v, width);
        }
    }

  private:
    GATUN_METHOD float before(long long at) const {
        return wide ? ((const float*) c)[at] : gatun_load(c + at);
    }

    template <typename To, int N>
    GATUN_METHOD void put_run(To* to, const float (&v)[N], int width) const {
        if (N == 4 && runs && width >= 4) {
            gatun_store4(to, gatun_f4{v[0], v[N > 1], v[N > 2 ? 2 : 0], v[N > 3 ? 3 : 0]});
            return;
        }
#pragma unroll
        for (int i = 0; i < N; i++) {
            if (i < width) {
                gatun_store(to + i, v[i]);
            }
        }
    }
};

template <typename T>
struct GatunGemm {
    const T* a;
    const T* b;
    const float* bias;
    T* c;
    float* partial;
    int m, n, k, batch;
    int lda, ldb, ldc;
    long long strideA, strideB, strideC;
    int slice;  // of k, a multiple of 64 unless it is all of k; blockIdx.y counts them
    int transposed;  // 1: a is stored k x m; 2: b is stored n x k
    float alpha, beta;
    int activation;
    float p, q;
    int wide;  // c holds floats, whatever T

    // Blocks go through c in strips of 8 tiles of rows, column by column: 132 blocks at once then share 8 tiles of a
    // and some 17 of b through L2, where row by row would read all of b for every row of tiles. One product of a
    // batch after the other.
    template <int SIDE>
    GATUN_METHOD GatunPlaceInC place(int tile) const {
        int rows = (m + SIDE - 1) / SIDE;
        int columns = (n + SIDE - 1) / SIDE;
        int index = tile / (rows * columns);
        int block = tile % (rows * columns);
        int strip = block / (8 * columns);
        int high = min(8, rows - 8 * strip);
        int rest = block - strip * 8 * columns;
        return {index, (8 * strip + rest % high) * SIDE, rest / high * SIDE};
    }

    GATUN_METHOD GatunMatrix<T> matrix_a(int batch) const {
        return matrix(a + batch * strideA, lda, m, !(transposed & 1));
    }

    GATUN_METHOD GatunMatrix<T> matrix_b(int batch) const {
        return matrix(b + batch * strideB, ldb, n, transposed & 2);
    }

    GATUN_METHOD GatunMatrix<T> matrix(const T* base, int stride, int outers, bool inner) const {
        bool aligned = (unsigned long long) base % 16 == 0 && stride % GatunMatrix<T>::RUN == 0;
        return {base, stride, outers, k, inner, aligned};
    }

    GATUN_METHOD GatunGemmOut<T> out(int batch, int slices_before) const {
        T* to = wide ? (T*) ((float*) c + batch * strideC) : c + batch * strideC;
        long long part = ((long long) batch * gridDim.y + slices_before) * m * n;
        bool runs = (wide ? gatun_wide((const float*) to) : gatun_wide(to)) && ldc % 4 == 0;
        bool floats = wide;
        float* raw = partial ? partial + part : partial;
        return {to, bias, raw, m, n, ldc, alpha, beta, activation, p, q, runs, floats, true, true};
    }

    GATUN_METHOD int slice_begin(int index) const {
        return index * slice;
    }

    GATUN_METHOD int slice_end(int index) const {
        return k - index * slice < slice ? k : (index + 1) * slice;
    }
};

// clang-format off
#define GATUN_GEMM_PARAMETERS(T)                                                                                       \
    const T* __restrict__ a, const T* __restrict__ b, const float* __restrict__ bias, T* c, float* partial, int m,     \
    int n, int k, int batch, int lda, int ldb, int ldc, long long strideA, long long strideB, long long strideC,       \
    int slice, int transposed, float alpha, float beta, int activation, float p, float q, int wide
#define GATUN_GEMM(T)                                                                                                  \
    GatunGemm<T> {a, b, bias, c, partial, m, n, k, batch, lda, ldb, ldc, strideA, strideB, strideC, slice, transposed, \
                  alpha, beta, activation, p, q, wide}
// clang-format on

// c from the raw sums of all slices, in their order. 4 bytes read for each slice and element, 4 (and 4 for beta) of
// c: bandwidth, of L2 where m n is small as it is wherever k is cut. blockIdx.z is the batch as in the first pass,
// blockIdx.y nothing: the slices are counted here.
template <typename T>
GATUN_FN void gatun_gemm_sum(const GatunGemm<T>& g) {
    long long size = (long long) g.m * g.n;
    int slices = (g.k + g.slice - 1) / g.slice;
    for (int batch = blockIdx.z; batch < g.batch; batch += gridDim.z) {
        GatunGemmOut<T> out = g.out(batch, 0);
        out.partial = nullptr;
        const float* from = g.partial + batch * slices * size;
        GATUN_FOR(i, size) {
            float sum[1] = {0.0f};
            for (int s = 0; s < slices; s++) {
                sum[0] += from[s * size + i];
            }
            out.template put<1>((int) (i / g.n), (int) (i % g.n), sum);
        }
    }
}
