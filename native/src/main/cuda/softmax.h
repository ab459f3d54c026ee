// Softmax and log-softmax of rows both ways, and cross-entropy with its gradient. A row that fits is read once, kept in
// registers and written: 8 bytes an element forward, 12 backward, 8 for a cross-entropy with its gradient, and some 35
// operations for the exponential and a division, which a GPU just hides behind that traffic. Up to 64 columns a row has a
// part of a warp, up to 512 a warp, up to 4096 a block; a longer one is read twice, by a block that keeps a running maximum
// and sum (Milakov and Gimelshein 2018). Exponentials are e^(x - max) with the rounding of the difference put back. In 16-bit
// storage half the bytes; the arithmetic is float, rounded once.
#pragma once

#include "gatun.h"
#include "gatun_rows.h"

template <int N, typename T, typename Team>
GATUN_FN void forward(const Team& team, const T* src, T* dst, int cols, bool log, bool wide) {
    float x[N], y[N];
    gatun_take(x, src, cols, team.lane, team.lanes, wide, gatun_minus_infinity());
    float max = team.max(gatun_largest(x));
    float sum = team.sum(gatun_exponentials(y, x, max, cols, team.lane, team.lanes));
    float logSum = gatun_log(sum);
    for (int k = 0; k < N; k++) {
        y[k] = log ? x[k] - max - logSum : y[k] / sum;
    }
    gatun_give(dst, y, cols, team.lane, team.lanes, wide);
}

// y (g - sum g y), or g - exp(y) sum g for y = log softmax.
GATUN_FN float slope(float y, float g, float sum, bool log) {
    return log ? g - gatun_exp(y) * sum : y * (g - sum);
}

template <int N, typename T, typename Team>
GATUN_FN void backward(const Team& team, const T* dst, const T* diffDst, T* diffSrc, int cols, bool log, bool wide) {
    float y[N], g[N], terms[N];
    gatun_take(y, dst, cols, team.lane, team.lanes, wide, 0.0f);
    gatun_take(g, diffDst, cols, team.lane, team.lanes, wide, 0.0f);
    for (int k = 0; k < N; k++) {
        terms[k] = log ? g[k] : g[k] * y[k];
    }
    float sum = team.sum(gatun_total(terms));
    for (int k = 0; k < N; k++) {
        terms[k] = slope(y[k], g[k], sum, log);
    }
    gatun_give(diffSrc, terms, cols, team.lane, team.lanes, wide);
}

template <int N, typename T>
GATUN_FN void forward_rows(const T* src, T* dst, long long rows, int cols, int lanes, bool log) {
    long long row = gatun_thread() >> (__ffs(lanes) - 1);
    gatun_lanes team = {lanes, (int) (threadIdx.x & (lanes - 1))};
    bool wide = cols % 4 == 0 && gatun_wide(src, dst);
    // A lane behind the last row takes part with nothing.
    long long at = row < rows ? row * cols : 0;
    forward<N>(team, src + at, dst + at, row < rows ? cols : 0, log, wide);
}

template <int N, typename T>
GATUN_FN void backward_rows(const T* dst, const T* diffDst, T* diffSrc, long long rows, int cols, int lanes, bool log) {
    long long row = gatun_thread() >> (__ffs(lanes) - 1);
    gatun_lanes team = {lanes, (int) (threadIdx.x & (lanes - 1))};
    bool wide = cols % 4 == 0 && gatun_wide(dst, diffDst, diffSrc);
    long long at = row < rows ? row * cols : 0;
    backward<N>(team, dst + at, diffDst + at, diffSrc + at, row < rows ? cols : 0, log, wide);
}

// A block has a row of at most 4096 columns.
template <typename T>
GATUN_FN void softmax_block(const T* __restrict__ src, T* __restrict__ dst, int cols, bool log) {
    __shared__ float shared[96];
    long long at = (long long) blockIdx.x * cols;
    forward<16>(gatun_team{GATUN_ROW_THREADS, (int) threadIdx.x, shared}, src + at, dst + at, cols, log,
                cols % 4 == 0 && gatun_wide(src, dst));
}

template <typename T>
GATUN_FN void softmax_backward_block(const T* __restrict__ dst, const T* __restrict__ diffDst,
                                     T* __restrict__ diffSrc, int cols, bool log) {
    __shared__ float shared[96];
    long long at = (long long) blockIdx.x * cols;
    backward<16>(gatun_team{GATUN_ROW_THREADS, (int) threadIdx.x, shared}, dst + at, diffDst + at, diffSrc + at, cols, log,
                 cols % 4 == 0 && gatun_wide(dst, diffDst, diffSrc));
}

// A block has a row, which is read twice.
template <typename T>
GATUN_FN void softmax_long(const T* __restrict__ src, T* __restrict__ dst, int cols, bool log) {
    __shared__ float shared[96];
    gatun_team block = {GATUN_ROW_LONG_THREADS, (int) threadIdx.x, shared};
    bool wide = cols % 4 == 0 && gatun_wide(src, dst);
    long long at = (long long) blockIdx.x * cols;
    gatun_running row;
    float x[GATUN_ROW_LONG];
    for (int from = 0; from < cols; from += GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS) {
        gatun_take(x, src + at + from, cols - from, block.lane, block.lanes, wide, gatun_minus_infinity());
        row.add(x);
    }
    row.join(block);
    float logSum = gatun_log(row.sum);
    for (int from = 0; from < cols; from += GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS) {
        gatun_take(x, src + at + from, cols - from, block.lane, block.lanes, wide, gatun_minus_infinity());
        for (int k = 0; k < GATUN_ROW_LONG; k++) {
            x[k] = log ? x[k] - row.max - logSum : gatun_exp_difference(x[k], row.max) / row.sum;
        }
        gatun_give(dst + at + from, x, cols - from, block.lane, block.lanes, wide);
    }
}

template <typename T>
GATUN_FN void softmax_backward_long(const T* __restrict__ dst, const T* __restrict__ diffDst,
                                    T* __restrict__ diffSrc, int cols, bool log) {
    __shared__ float shared[96];
    gatun_team block = {GATUN_ROW_LONG_THREADS, (int) threadIdx.x, shared};
    bool wide = cols % 4 == 0 && gatun_wide(dst, diffDst, diffSrc);
    long long at = (long long) blockIdx.x * cols;
    float sum = 0;
    float y[GATUN_ROW_LONG], g[GATUN_ROW_LONG];
    for (int from = 0; from < cols; from += GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS) {
        gatun_take(y, dst + at + from, cols - from, block.lane, block.lanes, wide, 0.0f);
        gatun_take(g, diffDst + at + from, cols - from, block.lane, block.lanes, wide, 0.0f);
        for (int k = 0; k < GATUN_ROW_LONG; k++) {
            g[k] = log ? g[k] : g[k] * y[k];
        }
        sum += gatun_total(g);
    }
    sum = block.sum(sum);
    for (int from = 0; from < cols; from += GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS) {
        gatun_take(y, dst + at + from, cols - from, block.lane, block.lanes, wide, 0.0f);
        gatun_take(g, diffDst + at + from, cols - from, block.lane, block.lanes, wide, 0.0f);
        for (int k = 0; k < GATUN_ROW_LONG; k++) {
            g[k] = slope(y[k], g[k], sum, log);
        }
        gatun_give(diffSrc + at + from, g, cols - from, block.lane, block.lanes, wide);
    }
}

// `lanes` lanes, a power of two, have a row of at most N * lanes columns.
#define GATUN_SOFTMAX_ROWS(N, name, T)                                                                                     \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_softmax_rows##N##_##name(                        \
        const T* __restrict__ src, T* __restrict__ dst, long long rows, int cols, int lanes, int log) {                    \
        forward_rows<N>(src, dst, rows, cols, lanes, log != 0);                                                            \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_softmax_backward_rows##N##_##name(               \
        const T* __restrict__ dst, const T* __restrict__ diffDst, T* __restrict__ diffSrc, long long rows, int cols,       \
        int lanes, int log) {                                                                                              \
        backward_rows<N>(dst, diffDst, diffSrc, rows, cols, lanes, log != 0);                                              \
    }

#define GATUN_SOFTMAX(name, T)                                                                                             \
    GATUN_SOFTMAX_ROWS(4, name, T)                                                                                         \
    GATUN_SOFTMAX_ROWS(16, name, T)                                                                                        \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_softmax_block_##name(                            \
        const T* __restrict__ src, T* __restrict__ dst, int cols, int log) {                                               \
        softmax_block(src, dst, cols, log != 0);                                                                           \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_softmax_backward_block_##name(                   \
        const T* __restrict__ dst, const T* __restrict__ diffDst, T* __restrict__ diffSrc, int cols, int log) {            \
        softmax_backward_block(dst, diffDst, diffSrc, cols, log != 0);                                                     \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_LONG_THREADS) gatun_softmax_long_##name(                        \
        const T* __restrict__ src, T* __restrict__ dst, int cols, int log) {                                               \
        softmax_long(src, dst, cols, log != 0);                                                                            \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(GATUN_ROW_LONG_THREADS) gatun_softmax_backward_long_##name(               \
        const T* __restrict__ dst, const T* __restrict__ diffDst, T* __restrict__ diffSrc, int cols, int log) {            \
        softmax_backward_long(dst, diffDst, diffSrc, cols, log != 0);                                                      \
    }
