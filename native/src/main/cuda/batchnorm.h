// Batch normalization over rows of c channels, fused with the residual add and the ReLU.
//
// Bytes an element of 4, each pass reading all there is once; half of them for 16-bit storage:
//   training   moments 4;  apply 8 (12 with the residual): 12 or 16
//   inference  8 (12 with the residual)
//   backward   gradients 8, 12.125 with the ReLU (dst read, a bit an element written for the second pass), 4 more to keep g where
//              the residual's gradient is wanted, which is g; apply 12, with the ReLU's bits 12.125, of that g: 20, 24.25 with ReLU,
//              24 with the residual, 28 with both
// Some 10 operations an element at most: memory bounds all of it but the finalizing, where up to some 264 bands a channel are added.
//
// A ReLU multiplies by 0 or 1, so a NaN stays one; forward it keeps what is not at most 0.
#pragma once

#include "gatun_quads.h"

// Moments of bands: see gatun_band_moments. blockIdx.x is a band; group normalization has several samples with as many bands.
template <typename T>
GATUN_FN void moments(const T* src, long long rows, int c, int bands, int chunks, double* partials) {
    __shared__ double shared[12 * 256];
    const T* sample = src + blockIdx.x / bands * rows * c;
    int band = blockIdx.x % bands;
    if (c % 4 == 0 && gatun_wide(src)) {
        gatun_band_moments<true>(sample, rows, c, band, chunks, partials, shared);
    } else {
        gatun_band_moments<false>(sample, rows, c, band, chunks, partials, shared);
    }
}

// Adds the bands up and gives what apply needs of each channel: table[what c + k] = mean, what the mean lost to rounding, the
// factor gamma / sqrt(var + eps), beta. Moves the running statistics, the variance by that of the sample, in double as the
// CPU does. Blocks of 8 channels.
template <typename T>
GATUN_FN void finalize(const double* partials, const T* src, const float* gamma, const float* beta, float* runningMean,
                       float* runningVar, float* mean, float* invStd, float* table, long long rows, int c, int bands,
                       float eps, float momentum) {
    __shared__ double shared[3 * 256];
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    double sums[3];
    gatun_sum_bands(partials, bands, c, k, sums, shared);
    if (threadIdx.y > 0 || k >= c) {
        return;
    }
    double count = (double) rows;
    double squares = gatun_squares({sums[0], sums[1], sums[2]}, count);
    double average = (double) gatun_load(src + k) + sums[1] / count;
    double deviation = 1.0 / sqrt(squares / count + (double) eps);
    double keep = 1.0 - (double) momentum;
    float rounded = (float) average;
    runningMean[k] = (float) (keep * runningMean[k] + momentum * average);
    runningVar[k] = (float) (keep * runningVar[k] + momentum * squares / (count - 1.0));
    mean[k] = rounded;
    invStd[k] = (float) deviation;
    table[k] = rounded;
    table[c + k] = gatun_low_part(average, rounded);
    table[2 * c + k] = (float) (gamma[k] * deviation);
    table[3 * c + k] = beta[k];
}

// dst = relu((src - mean) factor + beta + residual), a tile of 8 blockDim.y rows.
template <bool WIDE, typename T>
GATUN_FN void apply(const T* __restrict__ src, const T* __restrict__ residual, T* __restrict__ dst, gatun_quad high,
                    gatun_quad low, gatun_quad factor, gatun_quad beta, long long rows, int c, int relu) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    int step = blockDim.y;
    long long row = (long long) blockIdx.x * 8 * step + threadIdx.y;
    GATUN_ROLLED
    for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
        gatun_quad x[GATUN_ROWS<WIDE>], added[GATUN_ROWS<WIDE>];
        gatun_load_rows<WIDE>(src, row + from * step, step, rows, c, k, width, x);
        if (residual) {
            gatun_load_rows<WIDE>(residual, row + from * step, step, rows, c, k, width, added);
        }
        for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
            for (int j = 0; j < 4; j++) {
                float y = fmaf(factor.v[j], (x[i].v[j] - high.v[j]) - low.v[j], beta.v[j]);
                y = residual ? y + added[i].v[j] : y;
                x[i].v[j] = relu && y <= 0.0f ? 0.0f : y;
            }
        }
        gatun_store_rows<WIDE>(dst, row + from * step, step, rows, c, k, width, x);
    }
}

template <typename T>
GATUN_FN void apply(const T* src, const T* residual, T* dst, gatun_quad high, gatun_quad low, gatun_quad factor,
                    gatun_quad beta, long long rows, int c, int relu) {
    if (gatun_quad_channel() >= c) {
        return;
    }
    if (c % 4 == 0 && gatun_wide(src, residual, dst)) {
        apply<true>(src, residual, dst, high, low, factor, beta, rows, c, relu);
    } else {
        apply<false>(src, residual, dst, high, low, factor, beta, rows, c, relu);
    }
}

template <typename T>
GATUN_FN void apply_table(const T* src, const T* residual, const float* table, T* dst, long long rows, int c, int relu) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    apply(src, residual, dst, gatun_channels(table, k, width), gatun_channels(table + c, k, width),
          gatun_channels(table + 2 * c, k, width), gatun_channels(table + 3 * c, k, width), rows, c, relu);
}

template <typename T>
GATUN_FN void inference(const T* src, const T* residual, const float* gamma, const float* beta, const float* mean,
                        const float* var, T* dst, long long rows, int c, float eps, int relu) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    gatun_quad factor = gatun_channels(gamma, k, width);
    gatun_quad variance = gatun_channels(var, k, width);
    for (int j = 0; j < 4; j++) {
        factor.v[j] = factor.v[j] * (1.0f / sqrtf(variance.v[j] + eps));
    }
    apply(src, residual, dst, gatun_channels(mean, k, width), gatun_quad{}, factor, gatun_channels(beta, k, width), rows, c,
          relu);
}

// ---- Backward ----------------------------------------------------------------------------------------------------------
// dst = gamma x^ + beta with x^ = (src - mean) invStd: diffSrc = gamma invStd (g - mean(g) - x^ mean(g x^)).

template <bool WIDE, typename T>
GATUN_FN void gradients(const T* src, const T* dst, const T* diffDst, const float* mean, const float* invStd,
                        T* diffResidual, unsigned* mask, long long rows, int c, int chunks, double* partials,
                        double* shared) {
    if (dst) {
        gatun_band_gradients<WIDE, true>(src, dst, diffDst, mean, invStd, 1, rows, c, blockIdx.x, chunks, diffResidual, mask,
                                         partials, shared);
    } else {
        gatun_band_gradients<WIDE, false>(src, dst, diffDst, mean, invStd, 1, rows, c, blockIdx.x, chunks, diffResidual,
                                          mask, partials, shared);
    }
}

// dst null without the ReLU; diffResidual and mask null where not wanted.
template <typename T>
GATUN_FN void gradients(const T* src, const T* dst, const T* diffDst, const float* mean, const float* invStd,
                        T* diffResidual, unsigned* mask, long long rows, int c, int chunks, double* partials) {
    __shared__ double shared[8 * 256];
    if (c % 4 == 0 && gatun_wide(src, dst, diffDst, diffResidual)) {
        gradients<true>(src, dst, diffDst, mean, invStd, diffResidual, mask, rows, c, chunks, partials, shared);
    } else {
        gradients<false>(src, dst, diffDst, mean, invStd, diffResidual, mask, rows, c, chunks, partials, shared);
    }
}

// g is diffDst, or diffResidual where that keeps what the ReLU let through; with a mask it is still to be masked.
template <bool WIDE, typename T>
GATUN_FN void apply_gradients(const T* __restrict__ src, const T* __restrict__ gradient,
                              const unsigned* __restrict__ mask, const float* gamma, const float* mean,
                              const float* invStd, const float* table, T* __restrict__ diffSrc, long long rows, int c) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    int step = blockDim.y;
    long long row = (long long) blockIdx.x * 8 * step + threadIdx.y;
    if (width <= 0 || row >= rows) {
        return;
    }
    gatun_quad factor = gatun_channels(gamma, k, width);
    gatun_quad average = gatun_channels(mean, k, width);
    gatun_quad deviation = gatun_channels(invStd, k, width);
    for (int j = 0; j < 4; j++) {
        factor.v[j] *= deviation.v[j];
    }
    gatun_quad sum = gatun_channels(table, k, width);
    gatun_quad product = gatun_channels(table + c, k, width);
    unsigned open = mask ? mask[((long long) blockIdx.x * step + threadIdx.y) * ((c + 3) / 4) + k / 4] : ~0u;
    GATUN_ROLLED
    for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
        gatun_quad x[GATUN_ROWS<WIDE>], g[GATUN_ROWS<WIDE>];
        gatun_load_rows<WIDE>(src, row + from * step, step, rows, c, k, width, x);
        gatun_load_rows<WIDE>(gradient, row + from * step, step, rows, c, k, width, g);
        for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
            for (int j = 0; j < 4; j++) {
                float passed = g[i].v[j] * (open >> (4 * (from + i) + j) & 1 ? 1.0f : 0.0f);
                float distance = x[i].v[j] - average.v[j];
                x[i].v[j] = factor.v[j] * fmaf(-distance, product.v[j], passed - sum.v[j]);
            }
        }
        gatun_store_rows<WIDE>(diffSrc, row + from * step, step, rows, c, k, width, x);
    }
}

template <typename T>
GATUN_FN void apply_gradients(const T* src, const T* gradient, const unsigned* mask, const float* gamma, const float* mean,
                              const float* invStd, const float* table, T* diffSrc, long long rows, int c) {
    if (c % 4 == 0 && gatun_wide(src, gradient, diffSrc)) {
        apply_gradients<true>(src, gradient, mask, gamma, mean, invStd, table, diffSrc, rows, c);
    } else {
        apply_gradients<false>(src, gradient, mask, gamma, mean, invStd, table, diffSrc, rows, c);
    }
}

#define GATUN_BATCHNORM(name, T)                                                                            \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_moments_##name(                       \
        const T* src, long long rows, int c, int bands, int chunks, double* partials) {                     \
        moments(src, rows, c, bands, chunks, partials);                                                     \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_finalize_##name(                      \
        const double* partials, const T* src, const float* gamma, const float* beta,                        \
        float* runningMean, float* runningVar, float* mean, float* invStd, float* table,                    \
        long long rows, int c, int bands, float eps, float momentum) {                                      \
        finalize(partials, src, gamma, beta, runningMean, runningVar, mean, invStd, table, rows, c,         \
            bands, eps, momentum);                                                                          \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_apply_##name(                         \
        const T* src, const T* residual, const float* table, T* dst, long long rows, int c,                 \
        int relu) {                                                                                         \
        apply_table(src, residual, table, dst, rows, c, relu);                                              \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_inference_##name(                     \
        const T* src, const T* residual, const float* gamma, const float* beta, const float* mean,          \
        const float* var, T* dst, long long rows, int c, float eps, int relu) {                             \
        inference(src, residual, gamma, beta, mean, var, dst, rows, c, eps, relu);                          \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_gradients_##name(                     \
        const T* src, const T* dst, const T* diffDst, const float* mean, const float* invStd,               \
        T* diffResidual, unsigned* mask, long long rows, int c, int chunks, double* partials) {             \
        gradients(src, dst, diffDst, mean, invStd, diffResidual, mask, rows, c, chunks, partials);          \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_batchnorm_apply_gradients_##name(               \
        const T* src, const T* gradient, const unsigned* mask, const float* gamma,                          \
        const float* mean, const float* invStd, const float* table, T* diffSrc, long long rows,             \
        int c) {                                                                                            \
        apply_gradients(src, gradient, mask, gamma, mean, invStd, table, diffSrc, rows, c);                 \
    }
