// GEMM in fp32: c = act(alpha op(a) op(b) + bias + beta c), row-major, batches at a stride. Four ways in, chosen by
// io.gatun.cuda.kernels.GemmPlan from the sizes alone:
//   tiles of 128, 64 or 32 a side;
//   dots: m or n <= 8 and the large matrix lies along k: a warp for each of its rows;
//   columns: m or n <= 8 and the large matrix lies across k: a thread for four neighbouring columns.
// Any of them may stop at `slice` of k and leave raw sums in `partial`, which gatun_gemm_sum_f32 adds in their order:
// the cut is by the problem, so the bits are too.
//
// A tile of S x S reads 8 S bytes of global memory for 2 S^2 flops of each k: S / 4 flops a byte, against some 15 that
// an H100 has for each of HBM (67 TFLOP/s, 4.3 TB/s), and most come from L2. By ptxas 13.0:
//             registers  shared  threads  blocks a processor   occupancy    flops a byte of global, of shared
//              sm_80 90                    by registers
//   128         128 128  16.5 KB    256         2                  25 %            32     10.7
//    64          92  95   8.5 KB    128         4                  25 %            16      8.0
//    32          93  99   4.5 KB     64         9                  28 %             8      5.3
//   dots     62..92                 128         5 .. 8         31..50 %         few / 2    (bandwidth)
//   columns 80..128                 128         4 .. 6         25..38 %         few / 2    (bandwidth)
// A quarter of the warps is enough: each has 64 independent multiply-adds between two loads, where the pipe wants
// some 4 under way. No spills, no stack.
//
// Sums that go on for more than FOLD of k are put by into c (or partial) and begun anew: 1024 terms of one sign are
// 24 u off, 32,768 would be 138. That is 8 bytes of c for every 2048 flops of an element, and the block's c is in L2
// by then.
#include "gatun_gemm.h"

#define FOLD 1024

template <class Tile>
GATUN_FN void gatun_gemm_simt(const GatunGemm<float>& g) {
    int k = g.slice_begin(blockIdx.y);
    int end;
    do {
        float sum[Tile::RM][Tile::RN] = {};
        int stop;
        {
            GatunPlaceInC at = g.place<Tile::SIDE>(gatun_anew(blockIdx.x));
            stop = min(k + FOLD, g.slice_end(gatun_anew(blockIdx.y)));
            gatun_multiply_simt<Tile>(sum, g.matrix_a(at.batch), g.matrix_b(at.batch), at.row, at.column, k, stop);
        }
        // Where the tile lies is found out again, for the loop has no registers to keep it in.
        GatunPlaceInC at = g.place<Tile::SIDE>(gatun_anew(blockIdx.x));
        int slice = blockIdx.y;
        end = g.slice_end(slice);
        GatunGemmOut<float> out = g.out(at.batch, slice);
        out.first = k == g.slice_begin(slice);
        out.last = stop == end;
        gatun_store_simt<Tile>(sum, at.row, at.column, out);
        k = stop;
    } while (k < end);
}

extern "C" __global__ void __launch_bounds__(256, 2) gatun_gemm_128_f32(GATUN_GEMM_PARAMETERS(float)) {
    gatun_gemm_simt<GatunSimtTile<128, 8, 8>>(GATUN_GEMM(float));
}

extern "C" __global__ void __launch_bounds__(128, 4) gatun_gemm_64_f32(GATUN_GEMM_PARAMETERS(float)) {
    gatun_gemm_simt<GatunSimtTile<64, 8, 4>>(GATUN_GEMM(float));
}

extern "C" __global__ void __launch_bounds__(64, 8) gatun_gemm_32_f32(GATUN_GEMM_PARAMETERS(float)) {
    gatun_gemm_simt<GatunSimtTile<32, 4, 4>>(GATUN_GEMM(float));
}

// A product of up to eight vectors ("few") with a matrix ("many"): either may be a. The matrix is read once: 4 bytes
// for 2 * few flops, so bandwidth bounds it, and what is asked of the code is loads of 16 bytes a thread in rows and
// enough of them under way.
struct GatunSkinny {
    GatunMatrix<float> many;
    const float* few;
    int fews;
    long long few_step;  // elements from one vector to the next, and from one k to the next
    long long k_step;
    bool rows;  // many gives the rows of c
};

GATUN_FN GatunSkinny gatun_skinny(const GatunGemm<float>& g, int batch, bool rows) {
    const float* a = g.a + batch * g.strideA;
    const float* b = g.b + batch * g.strideB;
    bool aInner = !(g.transposed & 1);
    bool bInner = g.transposed & 2;
    bool inner = rows ? bInner : aInner;
    int stride = rows ? g.ldb : g.lda;
    return {g.matrix(rows ? a : b, rows ? g.lda : g.ldb, rows ? g.m : g.n, rows ? aInner : bInner),
            rows ? b : a,
            rows ? g.n : g.m,
            inner ? stride : 1ll,
            inner ? 1ll : stride,
            rows};
}

// One element of c; few moves up with the sums, as in gatun_store_simt.
GATUN_FN void gatun_skinny_put(const GatunGemmOut<float>& out, bool rows, int many, int few, float sum) {
    float v[1] = {sum};
    out.put<1>(rows ? many : few, rows ? few : many, v);
}

template <int FEW>
GATUN_FN void gatun_columns_step(float (&sum)[FEW][4], gatun_f4 x, const float* few, const GatunSkinny& s) {
#pragma unroll
    for (int f = 0; f < FEW; f++) {
        if (f < s.fews) {
            float y = few[f * s.few_step];
            sum[f][0] = fmaf(x.x, y, sum[f][0]);
            sum[f][1] = fmaf(x.y, y, sum[f][1]);
            sum[f][2] = fmaf(x.z, y, sum[f][2]);
            sum[f][3] = fmaf(x.w, y, sum[f][3]);
        }
    }
}

// A warp a row of the matrix: lanes 16 bytes apart, so 512 bytes a step; the vectors come from L1 or L2, which they
// fit. Lane sums of k / 32 terms, then a tree.
template <int FEW>
GATUN_FN void gatun_gemm_dots(const GatunGemm<float>& g, bool rows) {
    int lane = threadIdx.x % 32;
    int begin = g.slice_begin(blockIdx.y);
    int end = g.slice_end(blockIdx.y);
    int warps = gridDim.x * (blockDim.x / 32);
    for (int batch = blockIdx.z; batch < g.batch; batch += gridDim.z) {
        GatunSkinny s = gatun_skinny(g, batch, rows);
        bool wide = s.many.aligned && s.k_step == 1 && gatun_wide(s.few) && s.few_step % 4 == 0;
        int plain = wide ? begin + (end - begin) / 128 * 128 : begin;
        for (int row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; row < s.many.outers; row += warps) {
            float sum[FEW] = {};
            int k = begin + 4 * lane;
            const float* from = s.many.base + (long long) row * s.many.stride + k;
#pragma unroll(FEW < 4 ? 4 : 1)
            for (; k < plain; k += 128, from += 128) {
                gatun_f4 x = *(const gatun_f4*) from;
#pragma unroll
                for (int f = 0; f < FEW; f++) {
                    if (f < s.fews) {
                        gatun_f4 y = *(const gatun_f4*) (s.few + f * s.few_step + k);
                        sum[f] = fmaf(x.x, y.x, fmaf(x.y, y.y, fmaf(x.z, y.z, fmaf(x.w, y.w, sum[f]))));
                    }
                }
            }
#pragma unroll 1
            for (k = plain + lane; k < end; k += 32) {
                float x = s.many.base[(long long) row * s.many.stride + k];
#pragma unroll
                for (int f = 0; f < FEW; f++) {
                    if (f < s.fews) {
                        sum[f] = fmaf(x, s.few[f * s.few_step + k * s.k_step], sum[f]);
                    }
                }
            }
#pragma unroll
            for (int f = 0; f < FEW; f++) {
                sum[f] = gatun_warp_sum(sum[f]);
            }
            if (lane == 0) {
                GatunGemmOut<float> out = g.out(gatun_anew(batch), blockIdx.y);
#pragma unroll 1
                for (int f = 0; f < s.fews; f++) {
                    gatun_skinny_put(out, rows, row, f, sum[0]);
#pragma unroll
                    for (int i = 0; i + 1 < FEW; i++) {
                        sum[i] = sum[i + 1];
                    }
                }
            }
        }
    }
}

// Four columns a thread, k after k; the vectors' elements are one address for the whole warp. Java cuts k into slices
// of at most FOLD.
template <int FEW>
GATUN_FN void gatun_gemm_columns(const GatunGemm<float>& g, bool rows) {
    int begin = g.slice_begin(blockIdx.y);
    int end = g.slice_end(blockIdx.y);
    for (int batch = blockIdx.z; batch < g.batch; batch += gridDim.z) {
        GatunSkinny s = gatun_skinny(g, batch, rows);
        for (int column = 4 * (int) gatun_thread(); column < s.many.outers; column += 4 * (int) gatun_threads()) {
            float sum[FEW][4] = {};
            int width = min(4, s.many.outers - column);
            int plain = s.many.aligned && width == 4 ? end : begin;
            const float* from = s.many.base + begin * (long long) s.many.stride + column;
            const float* few = s.few + begin * s.k_step;
            int k = begin;
#pragma unroll(FEW < 4 ? 8 : 4)
            for (; k < plain; k++, few += s.k_step, from += s.many.stride) {
                gatun_columns_step<FEW>(sum, *(const gatun_f4*) from, few, s);
            }
#pragma unroll 1
            for (; k < end; k++, few += s.k_step, from += s.many.stride) {
                gatun_f4 x = {from[0], width > 1 ? from[1] : 0, width > 2 ? from[2] : 0, width > 3 ? from[3] : 0};
                gatun_columns_step<FEW>(sum, x, few, s);
            }
            GatunGemmOut<float> out = g.out(gatun_anew(batch), blockIdx.y);
#pragma unroll 1
            for (int f = 0; f < s.fews; f++) {
#pragma unroll 1
                for (int i = 0; i < 4; i++) {
                    if (i < width) {
                        gatun_skinny_put(out, rows, column + i, f, sum[0][0]);
                    }
                    float first = sum[0][0];
                    sum[0][0] = sum[0][1];
                    sum[0][1] = sum[0][2];
                    sum[0][2] = sum[0][3];
                    sum[0][3] = first;
                }
#pragma unroll
                for (int i = 0; i + 1 < FEW; i++) {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        sum[i][j] = sum[i + 1][j];
                    }
                }
            }
        }
    }
}

// `rows`: the matrix is a, the vectors b.
#define SKINNY(name, FEW)                                                                                              \
    extern "C" __global__ void __launch_bounds__(128, 4)                                                               \
        gatun_gemm_##name##_##FEW##_f32(GATUN_GEMM_PARAMETERS(float), int rows) {                                      \
        gatun_gemm_##name<FEW>(GATUN_GEMM(float), rows);                                                               \
    }
SKINNY(dots, 1)
SKINNY(dots, 2)
SKINNY(dots, 4)
SKINNY(dots, 8)
SKINNY(columns, 1)
SKINNY(columns, 2)
SKINNY(columns, 4)
SKINNY(columns, 8)

extern "C" __global__ void gatun_gemm_sum_f32(GATUN_GEMM_PARAMETERS(float)) {
    gatun_gemm_sum(GATUN_GEMM(float));
}
