// PReLU and its gradients, bound by memory: 8 bytes an element forward, 12 backward. The gradient of the slopes is summed in
// double, some of the rows in each block, and then over the blocks: one addition in double an element, which even a GPU with a
// 64th of its units for them does in the time of 12 bytes. How rows are cut depends on the sizes alone.
#pragma once

#include "gatun.h"

template <typename T>
GATUN_FN void prelu(const T* src, const float* slope, T* dst, long long n, int one, gatun_divisor divisor) {
    long long cols = divisor.divisor;
    if (one) {
        float a = *slope;
        return gatun_map(src, dst, n, [=](float x) { return x > 0.0f ? x : a * x; });
    }
    if (cols % 4 == 0 && gatun_wide(src, slope, dst)) {
        GATUN_FOR(i, n / 4) {
            gatun_f4 x = gatun_load4(src + 4 * i);
            gatun_f4 a = gatun_load4(slope + (4 * i - gatun_quotient(4 * i, divisor) * cols));
            gatun_store4(dst + 4 * i, gatun_f4{x.x > 0.0f ? x.x : a.x * x.x, x.y > 0.0f ? x.y : a.y * x.y,
                                               x.z > 0.0f ? x.z : a.z * x.z, x.w > 0.0f ? x.w : a.w * x.w});
        }
        return;
    }
    GATUN_FOR(i, n) {
        float x = gatun_load(src + i);
        gatun_store(dst + i, x > 0.0f ? x : slope[i - gatun_quotient(i, divisor) * cols] * x);
    }
}

template <typename T>
GATUN_FN double backward(const T* src, float slope, const T* diff_dst, T* diff_src, long long i) {
    float x = gatun_load(src + i);
    float g = gatun_load(diff_dst + i);
    gatun_store(diff_src + i, g * gatun_slope(x, slope));
    return x > 0.0f ? 0.0 : (double) g * x;
}

// A block takes 32 columns and `height` rows, a warp every eighth of these; sums[blocks of rows][cols] are what it found.
template <typename T>
GATUN_FN void prelu_backward(const T* __restrict__ src, const float* __restrict__ slope, const T* __restrict__ diff_dst,
                             T* __restrict__ diff_src, double* __restrict__ sums, long long rows, int cols,
                             long long height, double (&shared)[8][32]) {
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int groups = (cols + 31) / 32;
    int col = blockIdx.x % groups * 32 + lane;
    long long piece = blockIdx.x / groups;
    long long end = (piece + 1) * height < rows ? (piece + 1) * height : rows;
    double sum = 0;
    if (col < cols) {
        float a = slope[col];
        for (long long row = piece * height + warp; row < end; row += 8) {
            sum += backward(src, a, diff_dst, diff_src, row * cols + col);
        }
    }
    shared[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && col < cols) {
        for (int k = 1; k < 8; k++) {
            sum += shared[k][lane];
        }
        sums[piece * cols + col] = sum;
    }
}

// One slope for all: a block takes `length` elements.
template <typename T>
GATUN_FN void prelu_one_backward(const T* __restrict__ src, const float* __restrict__ slope,
                                 const T* __restrict__ diff_dst, T* __restrict__ diff_src, double* __restrict__ sums,
                                 long long n, long long length, double* shared) {
    long long first = blockIdx.x * length;
    long long end = first + length < n ? first + length : n;
    float a = *slope;
    double sum = 0;
    for (long long i = first + threadIdx.x; i < end; i += blockDim.x) {
        sum += backward(src, a, diff_dst, diff_src, i);
    }
    sum = gatun_block_sum(sum, shared);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
    }
}

#define GATUN_PRELU(name, T)                                                                                          \
    extern "C" __global__ void gatun_prelu_##name(const T* src, const float* slope, T* dst, long long n, int one,     \
                                                  long long cols, int factor, int shift) {                            \
        prelu(src, slope, dst, n, one, {cols, (unsigned) factor, (unsigned) shift});                                  \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(256)                                                                 \
        gatun_prelu_backward_##name(const T* src, const float* slope, const T* diff_dst, T* diff_src, double* sums,   \
                                    long long rows, int cols, long long height) {                                     \
        __shared__ double shared[8][32];                                                                              \
        prelu_backward(src, slope, diff_dst, diff_src, sums, rows, cols, height, shared);                             \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(256)                                                                 \
        gatun_prelu_one_backward_##name(const T* src, const float* slope, const T* diff_dst, T* diff_src,             \
                                        double* sums, long long n, long long length) {                                \
        __shared__ double shared[32];                                                                                 \
        prelu_one_backward(src, slope, diff_dst, diff_src, sums, n, length, shared);                                  \
    }
