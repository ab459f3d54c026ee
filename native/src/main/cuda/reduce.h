// Sums, means and sums of squares over the middle of [outer, reduced, inner]; Java brings every set of axes to steps of
// this form. Each element is read once, 4 bytes for one or two flops: memory bound, if the grid is large enough, which is
// what the pieces of a long sum are for. A piece's length follows from the problem's sizes alone, and so does the tree.
// Sums are float: in 16-bit storage the source is half the bytes, what one step hands to the next stays float, and the result
// is rounded once or, where it is wide, not at all.
#pragma once

#include "gatun.h"

constexpr int GATUN_REDUCE_THREADS = 256;

GATUN_FN float term(float x, bool squares) {
    return squares ? x * x : x;
}

// The sum, or the mean of as many terms; of none NaN.
GATUN_FN float result(float sum, bool mean, long long terms) {
    return mean ? (float) ((double) sum / (double) terms) : sum;
}

// Four neighbours; the same numbers, and so the same sums, whether they can be loaded at once or not.
template <typename T>
GATUN_FN gatun_f4 four(const T* p, bool wide) {
    return wide ? gatun_load4(p) : gatun_f4{gatun_load(p), gatun_load(p + 1), gatun_load(p + 2), gatun_load(p + 3)};
}

// This lane's share of n numbers: quadruples lane, lane + lanes, ... and then single ones.
template <typename T>
GATUN_FN float share(const T* src, long long n, int lane, int lanes, bool wide, bool squares) {
    float sum = 0;
    for (long long i = lane; i < n / 4; i += lanes) {
        gatun_f4 v = four(src + 4 * i, wide);
        sum += (term(v.x, squares) + term(v.y, squares)) + (term(v.z, squares) + term(v.w, squares));
    }
    for (long long i = n / 4 * 4 + lane; i < n; i += lanes) {
        sum += term(gatun_load(src + i), squares);
    }
    return sum;
}

// dst[row] of src[rows, cols], cols within 1024: `lanes` (a power of two, 32 at most) lanes a row, at most 8
// quadruples each. No barrier.
template <typename S, typename D>
GATUN_FN void reduce_rows(const S* src, D* dst, long long rows, int cols, int lanes, int squares, int mean, long long terms) {
    long long row = gatun_thread() >> (__ffs(lanes) - 1);
    int lane = threadIdx.x & (lanes - 1);
    float sum = 0;
    if (row < rows) {
        sum = share(src + row * cols, cols, lane, lanes, cols % 4 == 0 && gatun_wide(src), squares);
    }
    for (int half = lanes / 2; half > 0; half /= 2) {
        sum += __shfl_xor_sync(0xffffffffu, sum, half);
    }
    if (row < rows && lane == 0) {
        gatun_store(dst + row, result(sum, mean, terms));
    }
}

// dst[row, piece] of src[rows, cols] cut into pieces of `length` columns, a multiple of 4: a block a piece.
template <typename S, typename D>
GATUN_FN void reduce_pieces(const S* src, D* dst, long long cols, int pieces, long long length, int squares, int mean,
                            long long terms) {
    int row = blockIdx.x / pieces;
    long long from = (blockIdx.x - row * pieces) * length;
    long long size = cols - from < length ? cols - from : length;
    const S* at = src + row * cols + from;
    float sum = share(at, size, threadIdx.x, GATUN_REDUCE_THREADS, gatun_wide(at), squares);
    __shared__ float shared[32];
    sum = gatun_block_sum(sum, shared);
    if (threadIdx.x == 0) {
        gatun_store(dst + blockIdx.x, result(sum, mean, terms));
    }
}

// dst[outer, piece, inner] of src[outer, reduced, inner] cut into pieces of `length` of the middle: a block takes
// `across` columns (a power of two) and 256 / across rows at a time, so that a warp reads whole lines where
// inner is long and consecutive rows where it is short.
template <typename S, typename D>
GATUN_FN void reduce_columns(const S* src, D* dst, long long reduced, long long inner, int across, int tiles, int pieces,
                             long long length, int squares, int mean, long long terms) {
    __shared__ float sums[GATUN_REDUCE_THREADS];
    int tile = blockIdx.x % tiles;
    int rest = blockIdx.x / tiles;
    int piece = rest % pieces;
    long long outer = rest / pieces;
    long long column = (long long) tile * across + (threadIdx.x & (across - 1));
    int down = GATUN_REDUCE_THREADS / across;
    int lane = threadIdx.x / across;
    long long from = piece * length;
    long long end = reduced - from < length ? reduced : from + length;
    float sum = 0;
    if (column < inner) {
        const S* at = src + outer * reduced * inner + column;
        long long step = down * inner;
        long long r = from + lane;
        const S* p = at + r * inner;
        for (; r + 7LL * down < end; r += 8LL * down, p += 8 * step) {
            float a = term(gatun_load(p), squares) + term(gatun_load(p + step), squares);
            float b = term(gatun_load(p + 2 * step), squares) + term(gatun_load(p + 3 * step), squares);
            float c = term(gatun_load(p + 4 * step), squares) + term(gatun_load(p + 5 * step), squares);
            float d = term(gatun_load(p + 6 * step), squares) + term(gatun_load(p + 7 * step), squares);
            sum += (a + b) + (c + d);
        }
        for (; r < end; r += down, p += step) {
            sum += term(gatun_load(p), squares);
        }
    }
    sums[threadIdx.x] = sum;
    for (int half = down / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half) {
            sums[threadIdx.x] += sums[threadIdx.x + half * across];
        }
    }
    // Row lane 0 has added its own sums last.
    if (lane == 0 && column < inner) {
        gatun_store(dst + (outer * pieces + piece) * inner + column, result(sums[threadIdx.x], mean, terms));
    }
}

#define GATUN_REDUCE(name, S, D)                                                                                       \
    extern "C" __global__ void __launch_bounds__(GATUN_REDUCE_THREADS)                                                 \
    gatun_reduce_rows_##name(const S* src, D* dst, long long rows, int cols, int lanes, int squares, int mean,         \
                             long long terms) {                                                                        \
        reduce_rows(src, dst, rows, cols, lanes, squares, mean, terms);                                                \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(GATUN_REDUCE_THREADS)                                                 \
    gatun_reduce_pieces_##name(const S* src, D* dst, long long cols, int pieces, long long length, int squares,        \
                               int mean, long long terms) {                                                            \
        reduce_pieces(src, dst, cols, pieces, length, squares, mean, terms);                                           \
    }                                                                                                                  \
    extern "C" __global__ void __launch_bounds__(GATUN_REDUCE_THREADS)                                                 \
    gatun_reduce_columns_##name(const S* src, D* dst, long long reduced, long long inner, int across, int tiles,       \
                                int pieces, long long length, int squares, int mean, long long terms) {                \
        reduce_columns(src, dst, reduced, inner, across, tiles, pieces, length, squares, mean, terms);                 \
    }

// In 16-bit storage: from it to itself and to float, and from float to it.
#define GATUN_MIXED_REDUCE(name, T)                                                                                    \
    GATUN_REDUCE(name, T, T)                                                                                           \
    GATUN_REDUCE(name##_f32, T, float)                                                                                 \
    GATUN_REDUCE(f32_##name, float, T)
