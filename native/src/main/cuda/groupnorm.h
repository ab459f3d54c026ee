// Group normalization of n samples of hw rows with c channels in `groups` groups, and layer and instance normalization, which
// are that with one group of one row and with a group for each channel.
//
// hw = 1: each group of a sample is `cols` = c / groups numbers side by side, and one warp (up to 512 numbers) or one block has it in
// its registers from the first pass to the second; a block with more than 4,096 reads again, from L1. Bytes an element of 4:
// forward 8, backward 12, and 8 more for the gradients of gamma and beta, whose sums go down the columns.
//
// Else, as batch normalization does it but with statistics for each sample: forward 4 + 8, backward 8 + 12 bytes an element, and
// the gradients of gamma and beta come from the same sums as those of src. Memory bounds all of it.
#pragma once

#include "gatun_quads.h"

// ---- One row to a group ------------------------------------------------------------------------------------------------

// Of a row of `cols` numbers, this lane's 16 of the chunk, as 4 quads that are THREADS quads apart; returns how many there are.
template <bool WIDE, int THREADS, typename T>
GATUN_FN int load_part(const T* row, int chunk, int lane, int cols, gatun_quad (&out)[4]) {
    int count = 0;
    for (int i = 0; i < 4; i++) {
        int k = chunk * 16 * THREADS + 4 * (lane + i * THREADS);
        int width = gatun_quad_width(k, cols);
        out[i] = width > 0 ? gatun_load_quad<WIDE>(row + k, width) : gatun_quad{};
        count += width > 0 ? width : 0;
    }
    return count;
}

template <int THREADS>
GATUN_FN void sum_lanes(double& a, double& b, double& c, double* shared) {
    if constexpr (THREADS == 32) {
        a = gatun_warp_sum(a);
        b = gatun_warp_sum(b);
        c = gatun_warp_sum(c);
    } else {
        gatun_block_sum3(a, b, c, shared);
    }
}

// dst = gamma (src - mean) invStd + beta of one row.
template <bool WIDE, int THREADS, typename T>
GATUN_FN void normalize_row(const T* __restrict__ src, const float* __restrict__ gamma,
                            const float* __restrict__ beta, T* __restrict__ dst, float* mean, float* invStd, int cols,
                            float eps, int lane, double* shared) {
    int chunks = (cols + 16 * THREADS - 1) / (16 * THREADS);
    gatun_quad x[4];
    gatun_moments moments = {};
    double origin = gatun_load(src);
    for (int chunk = 0; chunk < chunks; chunk++) {
        int count = load_part<WIDE, THREADS>(src, chunk, lane, cols, x);
        if (count > 0) {
            float all[16];
            for (int i = 0; i < 16; i++) {
                all[i] = x[i / 4].v[i % 4];
            }
            gatun_add_moments(moments, all, count, 1.0f / (float) count, origin);
        }
    }
    sum_lanes<THREADS>(moments.within, moments.first, moments.second, shared);
    double average = origin + moments.first / cols;
    float high = (float) average;
    float low = gatun_low_part(average, high);
    float deviation = 1.0f / sqrtf((float) (gatun_squares(moments, cols) / cols) + eps);
    for (int chunk = 0; chunk < chunks; chunk++) {
        if (chunks > 1) {
            load_part<WIDE, THREADS>(src, chunk, lane, cols, x);
        }
        for (int i = 0; i < 4; i++) {
            int k = chunk * 16 * THREADS + 4 * (lane + i * THREADS);
            int width = gatun_quad_width(k, cols);
            if (width > 0) {
                gatun_quad factor = gamma ? gatun_load_quad<WIDE>(gamma + k, width) : gatun_quad{1, 1, 1, 1};
                gatun_quad added = beta ? gatun_load_quad<WIDE>(beta + k, width) : gatun_quad{};
                for (int j = 0; j < 4; j++) {
                    float normal = ((x[i].v[j] - high) - low) * deviation;
                    x[i].v[j] = fmaf(normal, factor.v[j], added.v[j]);
                }
                gatun_store_quad<WIDE>(dst + k, width, x[i]);
            }
        }
    }
    if (mean && lane == 0) {
        *mean = high;
        *invStd = deviation;
    }
}

// gamma, beta, mean and invStd may be null.
template <int THREADS, typename T>
GATUN_FN void normalize_rows(const T* src, const float* gamma, const float* beta, T* dst, float* mean,
                             float* invStd, long long rows, int cols, int groups, float eps, double* shared) {
    long long row = ((long long) blockIdx.x * blockDim.x + threadIdx.x) / THREADS;
    if (row >= rows) {
        return;  // a whole warp, or block
    }
    int lane = threadIdx.x % THREADS;
    long long channel = row % groups * cols;
    const float* factor = gamma ? gamma + channel : nullptr;
    const float* added = beta ? beta + channel : nullptr;
    float* average = mean ? mean + row : nullptr;
    float* deviation = mean ? invStd + row : nullptr;
    if (cols % 4 == 0 && gatun_wide(src, gamma, beta, dst)) {
        normalize_row<true, THREADS>(src + row * cols, factor, added, dst + row * cols, average, deviation, cols, eps, lane,
                                     shared);
    } else {
        normalize_row<false, THREADS>(src + row * cols, factor, added, dst + row * cols, average, deviation, cols, eps,
                                      lane, shared);
    }
}

template <typename T>
GATUN_FN void normalize_by_warps(const T* src, const float* gamma, const float* beta, T* dst, float* mean, float* invStd,
                                 long long rows, int cols, int groups, float eps) {
    normalize_rows<32>(src, gamma, beta, dst, mean, invStd, rows, cols, groups, eps, nullptr);
}

template <typename T>
GATUN_FN void normalize_by_blocks(const T* src, const float* gamma, const float* beta, T* dst, float* mean, float* invStd,
                                  long long rows, int cols, int groups, float eps) {
    __shared__ double shared[3 * 8];
    normalize_rows<256>(src, gamma, beta, dst, mean, invStd, rows, cols, groups, eps, shared);
}

// dst = gamma x^ + beta with x^ = (src - mean) invStd; with g = gamma diffDst, diffSrc = invStd (g - mean(g) - x^ mean(g x^)).
template <bool WIDE, int THREADS, typename T>
GATUN_FN void differentiate_row(const T* __restrict__ src, const T* __restrict__ diffDst,
                                const float* __restrict__ gamma, float mean, float invStd, T* __restrict__ diffSrc,
                                int cols, int lane, double* shared) {
    int chunks = (cols + 16 * THREADS - 1) / (16 * THREADS);
    gatun_quad x[4], g[4];
    double sum = 0.0;
    double product = 0.0;
    double nothing = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        float average = (float) (sum / cols);
        float slope = (float) (product / cols);
        for (int chunk = 0; chunk < chunks; chunk++) {
            if (pass == 0 || chunks > 1) {
                load_part<WIDE, THREADS>(src, chunk, lane, cols, x);
                load_part<WIDE, THREADS>(diffDst, chunk, lane, cols, g);
            }
            float partialSum = 0.0f;
            float partialProduct = 0.0f;
            for (int i = 0; i < 4; i++) {
                int k = chunk * 16 * THREADS + 4 * (lane + i * THREADS);
                int width = gatun_quad_width(k, cols);
                if (width <= 0) {
                    continue;
                }
                if (pass == 0 || chunks > 1) {
                    gatun_quad factor = gamma ? gatun_load_quad<WIDE>(gamma + k, width) : gatun_quad{1, 1, 1, 1};
                    for (int j = 0; j < 4; j++) {
                        x[i].v[j] = j < width ? (x[i].v[j] - mean) * invStd : 0.0f;
                        g[i].v[j] *= factor.v[j];
                    }
                }
                for (int j = 0; j < 4; j++) {
                    if (pass == 0) {
                        partialSum += g[i].v[j];
                        partialProduct = fmaf(g[i].v[j], x[i].v[j], partialProduct);
                    } else {
                        x[i].v[j] = invStd * fmaf(-x[i].v[j], slope, g[i].v[j] - average);
                    }
                }
                if (pass == 1) {
                    gatun_store_quad<WIDE>(diffSrc + k, width, x[i]);
                }
            }
            sum += (double) partialSum;
            product += (double) partialProduct;
        }
        if (pass == 0) {
            sum_lanes<THREADS>(sum, product, nothing, shared);
        }
    }
}

template <int THREADS, typename T>
GATUN_FN void differentiate_rows(const T* src, const T* diffDst, const float* gamma, const float* mean,
                                 const float* invStd, T* diffSrc, long long rows, int cols, int groups,
                                 double* shared) {
    long long row = ((long long) blockIdx.x * blockDim.x + threadIdx.x) / THREADS;
    if (row >= rows) {
        return;
    }
    int lane = threadIdx.x % THREADS;
    const float* factor = gamma ? gamma + row % groups * cols : nullptr;
    if (cols % 4 == 0 && gatun_wide(src, diffDst, gamma, diffSrc)) {
        differentiate_row<true, THREADS>(src + row * cols, diffDst + row * cols, factor, mean[row], invStd[row],
                                         diffSrc + row * cols, cols, lane, shared);
    } else {
        differentiate_row<false, THREADS>(src + row * cols, diffDst + row * cols, factor, mean[row], invStd[row],
                                          diffSrc + row * cols, cols, lane, shared);
    }
}

template <typename T>
GATUN_FN void differentiate_by_warps(const T* src, const T* diffDst, const float* gamma, const float* mean,
                                     const float* invStd, T* diffSrc, long long rows, int cols, int groups) {
    differentiate_rows<32>(src, diffDst, gamma, mean, invStd, diffSrc, rows, cols, groups, nullptr);
}

template <typename T>
GATUN_FN void differentiate_by_blocks(const T* src, const T* diffDst, const float* gamma, const float* mean,
                                      const float* invStd, T* diffSrc, long long rows, int cols, int groups) {
    __shared__ double shared[3 * 8];
    differentiate_rows<256>(src, diffDst, gamma, mean, invStd, diffSrc, rows, cols, groups, shared);
}

// The four groups of a quad of channels.
struct quad_groups {
    int v[4];
};

GATUN_FN quad_groups groups_of(int k, int c, int groups) {
    int width = c / groups;
    quad_groups g;
    for (int j = 0; j < 4; j++) {
        g.v[j] = (k + j < c ? k + j : c - 1) / width;
    }
    return g;
}

// Of each channel the sums of diffDst and of diffDst x^ over a band of samples of one row, for the gradients of beta and gamma.
template <bool WIDE, typename T>
GATUN_FN void column_gradients(const T* __restrict__ src, const T* __restrict__ diffDst, const float* mean,
                               const float* invStd, long long rows, int c, int groups, int chunks,
                               double* __restrict__ out, double* shared) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    int step = blockDim.y;
    double sums[8] = {};
    if (width > 0) {
        quad_groups group = groups_of(k, c, groups);
        for (int chunk = 0; chunk < chunks; chunk++) {
            long long row = ((long long) blockIdx.x * chunks + chunk) * 8 * step + threadIdx.y;
            float sum[4] = {};
            float product[4] = {};
            GATUN_ROLLED
            for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
                long long first = row + from * step;
                gatun_quad x[GATUN_ROWS<WIDE>], g[GATUN_ROWS<WIDE>];
                gatun_load_rows<WIDE>(src, first, step, rows, c, k, width, x);
                gatun_load_rows<WIDE>(diffDst, first, step, rows, c, k, width, g);
                for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
                    if (first + i * step < rows) {
                        long long statistic = (first + i * step) * groups;
                        for (int j = 0; j < 4; j++) {
                            long long at = statistic + group.v[j];
                            sum[j] += g[i].v[j];
                            product[j] = fmaf(g[i].v[j], (x[i].v[j] - mean[at]) * invStd[at], product[j]);
                        }
                    }
                }
            }
            for (int j = 0; j < 4; j++) {
                sums[2 * j] += (double) sum[j];
                sums[2 * j + 1] += (double) product[j];
            }
        }
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0) {
        for (int i = 0; i < 8; i++) {
            if (i / 2 < width) {
                out[(blockIdx.x * 2LL + i % 2) * c + k + i / 2] = sums[i];
            }
        }
    }
}

template <typename T>
GATUN_FN void column_gradients(const T* src, const T* diffDst, const float* mean, const float* invStd, long long rows,
                               int c, int groups, int chunks, double* partials) {
    __shared__ double shared[8 * 256];
    if (c % 4 == 0 && gatun_wide(src, diffDst)) {
        column_gradients<true>(src, diffDst, mean, invStd, rows, c, groups, chunks, partials, shared);
    } else {
        column_gradients<false>(src, diffDst, mean, invStd, rows, c, groups, chunks, partials, shared);
    }
}

// ---- Groups of many rows -----------------------------------------------------------------------------------------------
// The moments are those of batchnorm.cu; blockIdx.x is a sample's band or tile, sample after sample.

// A warp adds up the bands of the channels of a group, each channel's about that channel's first number and so first moved to be
// about the group's first number. table[what statistics + statistic] = mean, what it lost to rounding, invStd.
template <typename T>
GATUN_FN void finalize(const double* partials, const T* src, float* mean, float* invStd, float* table,
                       long long statistics, long long hw, int c, int groups, int bands, long long bandRows, float eps) {
    long long statistic = ((long long) blockIdx.x * blockDim.x + threadIdx.x) / 32;
    if (statistic >= statistics) {
        return;
    }
    int lane = threadIdx.x % 32;
    int width = c / groups;
    long long sample = statistic / groups;
    int from = (int) (statistic % groups) * width;
    const T* first = src + sample * hw * c + from;
    double origin = gatun_load(first);
    gatun_moments all = {};
    for (long long i = lane; i < (long long) bands * width; i += 32) {
        long long band = i / width;
        int k = (int) (i - band * width);
        const double* partial = partials + (sample * bands + band) * 3 * c + from + k;
        double rows = (double) (band < bands - 1 ? bandRows : hw - band * bandRows);
        double shift = (double) gatun_load(first + k) - origin;
        all.within += partial[0];
        all.first += partial[c] + rows * shift;
        all.second += partial[2LL * c] + shift * (2.0 * partial[c] + rows * shift);
    }
    all = {gatun_warp_sum(all.within), gatun_warp_sum(all.first), gatun_warp_sum(all.second)};
    if (lane > 0) {
        return;
    }
    double count = (double) hw * width;
    double average = origin + all.first / count;
    float rounded = (float) average;
    float deviation = (float) (1.0 / sqrt(gatun_squares(all, count) / count + (double) eps));
    table[statistic] = rounded;
    table[statistics + statistic] = gatun_low_part(average, rounded);
    table[2 * statistics + statistic] = deviation;
    if (mean) {
        mean[statistic] = rounded;
        invStd[statistic] = deviation;
    }
}

template <bool WIDE, typename T>
GATUN_FN void apply(const T* __restrict__ src, const float* gamma, const float* beta, const float* table,
                    T* __restrict__ dst, long long statistics, long long sample, long long tile, long long hw, int c,
                    int groups) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (width <= 0) {
        return;
    }
    int step = blockDim.y;
    long long row = tile * 8 * step + threadIdx.y;
    quad_groups group = groups_of(k, c, groups);
    gatun_quad high, low, deviation;
    for (int j = 0; j < 4; j++) {
        const float* statistic = table + sample * groups + group.v[j];
        high.v[j] = statistic[0];
        low.v[j] = statistic[statistics];
        deviation.v[j] = statistic[2 * statistics];
    }
    gatun_quad factor = gamma ? gatun_channels(gamma, k, width) : gatun_quad{1, 1, 1, 1};
    gatun_quad added = beta ? gatun_channels(beta, k, width) : gatun_quad{};
    GATUN_ROLLED
    for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
        gatun_quad x[GATUN_ROWS<WIDE>];
        gatun_load_rows<WIDE>(src, row + from * step, step, hw, c, k, width, x);
        for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
            for (int j = 0; j < 4; j++) {
                float normal = ((x[i].v[j] - high.v[j]) - low.v[j]) * deviation.v[j];
                x[i].v[j] = fmaf(normal, factor.v[j], added.v[j]);
            }
        }
        gatun_store_rows<WIDE>(dst, row + from * step, step, hw, c, k, width, x);
    }
}

template <typename T>
GATUN_FN void apply(const T* src, const float* gamma, const float* beta, const float* table, T* dst, long long statistics,
                    long long hw, int c, int groups, int tiles) {
    long long sample = blockIdx.x / tiles;
    int tile = blockIdx.x % tiles;
    long long from = sample * hw * c;
    if (c % 4 == 0 && gatun_wide(src, dst)) {
        apply<true>(src + from, gamma, beta, table, dst + from, statistics, sample, tile, hw, c, groups);
    } else {
        apply<false>(src + from, gamma, beta, table, dst + from, statistics, sample, tile, hw, c, groups);
    }
}

// ---- Backward, many rows -----------------------------------------------------------------------------------------------

template <bool WIDE, typename T>
GATUN_FN void gradients(const T* src, const T* diffDst, const float* mean, const float* invStd, long long hw,
                        int c, int groups, int bands, int chunks, double* partials, double* shared) {
    long long sample = blockIdx.x / bands;
    const T* none = nullptr;
    gatun_band_gradients<WIDE, false>(src + sample * hw * c, none, diffDst + sample * hw * c, mean + sample * groups,
                                      invStd + sample * groups, c / groups, hw, c, blockIdx.x % bands, chunks,
                                      (T*) nullptr, nullptr, partials, shared);
}

template <typename T>
GATUN_FN void gradients(const T* src, const T* diffDst, const float* mean, const float* invStd, long long hw, int c,
                        int groups, int bands, int chunks, double* partials) {
    __shared__ double shared[8 * 256];
    if (c % 4 == 0 && gatun_wide(src, diffDst)) {
        gradients<true>(src, diffDst, mean, invStd, hw, c, groups, bands, chunks, partials, shared);
    } else {
        gradients<false>(src, diffDst, mean, invStd, hw, c, groups, bands, chunks, partials, shared);
    }
}

template <bool WIDE, typename T>
GATUN_FN void apply_gradients(const T* __restrict__ src, const T* __restrict__ diffDst, const float* gamma,
                              const float* mean, const float* invStd, const float* table, T* __restrict__ diffSrc,
                              long long statistics, long long sample, long long tile, long long hw, int c, int groups) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (width <= 0) {
        return;
    }
    int step = blockDim.y;
    long long row = tile * 8 * step + threadIdx.y;
    quad_groups group = groups_of(k, c, groups);
    gatun_quad average, deviation, sum, product;
    for (int j = 0; j < 4; j++) {
        long long statistic = sample * groups + group.v[j];
        average.v[j] = mean[statistic];
        deviation.v[j] = invStd[statistic];
        sum.v[j] = table[statistic];
        product.v[j] = table[statistics + statistic];
    }
    gatun_quad factor = gamma ? gatun_channels(gamma, k, width) : gatun_quad{1, 1, 1, 1};
    GATUN_ROLLED
    for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
        gatun_quad x[GATUN_ROWS<WIDE>], g[GATUN_ROWS<WIDE>];
        gatun_load_rows<WIDE>(src, row + from * step, step, hw, c, k, width, x);
        gatun_load_rows<WIDE>(diffDst, row + from * step, step, hw, c, k, width, g);
        for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
            for (int j = 0; j < 4; j++) {
                float normal = (x[i].v[j] - average.v[j]) * deviation.v[j];
                float own = factor.v[j] * g[i].v[j] - sum.v[j];
                x[i].v[j] = deviation.v[j] * fmaf(-normal, product.v[j], own);
            }
        }
        gatun_store_rows<WIDE>(diffSrc, row + from * step, step, hw, c, k, width, x);
    }
}

template <typename T>
GATUN_FN void apply_gradients(const T* src, const T* diffDst, const float* gamma, const float* mean, const float* invStd,
                              const float* table, T* diffSrc, long long statistics, long long hw, int c, int groups,
                              int tiles) {
    long long sample = blockIdx.x / tiles;
    int tile = blockIdx.x % tiles;
    long long from = sample * hw * c;
    if (c % 4 == 0 && gatun_wide(src, diffDst, diffSrc)) {
        apply_gradients<true>(src + from, diffDst + from, gamma, mean, invStd, table, diffSrc + from, statistics, sample,
                              tile, hw, c, groups);
    } else {
        apply_gradients<false>(src + from, diffDst + from, gamma, mean, invStd, table, diffSrc + from, statistics, sample,
                               tile, hw, c, groups);
    }
}

#define GATUN_GROUPNORM(name, T)                                                                            \
    extern "C" __global__ void __launch_bounds__(256) gatun_layernorm_warp_##name(                          \
        const T* src, const float* gamma, const float* beta, T* dst, float* mean, float* invStd,            \
        long long rows, int cols, int groups, float eps) {                                                  \
        normalize_by_warps(src, gamma, beta, dst, mean, invStd, rows, cols, groups, eps);                   \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_layernorm_block_##name(                         \
        const T* src, const float* gamma, const float* beta, T* dst, float* mean, float* invStd,            \
        long long rows, int cols, int groups, float eps) {                                                  \
        normalize_by_blocks(src, gamma, beta, dst, mean, invStd, rows, cols, groups, eps);                  \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_layernorm_warp_backward_##name(                 \
        const T* src, const T* diffDst, const float* gamma, const float* mean, const float* invStd,         \
        T* diffSrc, long long rows, int cols, int groups) {                                                 \
        differentiate_by_warps(src, diffDst, gamma, mean, invStd, diffSrc, rows, cols, groups);             \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256, 1) gatun_layernorm_block_backward_##name(             \
        const T* src, const T* diffDst, const float* gamma, const float* mean, const float* invStd,         \
        T* diffSrc, long long rows, int cols, int groups) {                                                 \
        differentiate_by_blocks(src, diffDst, gamma, mean, invStd, diffSrc, rows, cols, groups);            \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256, 1) gatun_layernorm_gradients_##name(                  \
        const T* src, const T* diffDst, const float* mean, const float* invStd, long long rows,             \
        int c, int groups, int chunks, double* partials) {                                                  \
        column_gradients(src, diffDst, mean, invStd, rows, c, groups, chunks, partials);                    \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_groupnorm_finalize_##name(                      \
        const double* partials, const T* src, float* mean, float* invStd, float* table,                     \
        long long statistics, long long hw, int c, int groups, int bands, long long bandRows,               \
        float eps) {                                                                                        \
        finalize(partials, src, mean, invStd, table, statistics, hw, c, groups, bands, bandRows,            \
            eps);                                                                                           \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_groupnorm_apply_##name(                         \
        const T* src, const float* gamma, const float* beta, const float* table, T* dst,                    \
        long long statistics, long long hw, int c, int groups, int tiles) {                                 \
        apply(src, gamma, beta, table, dst, statistics, hw, c, groups, tiles);                              \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_groupnorm_gradients_##name(                     \
        const T* src, const T* diffDst, const float* mean, const float* invStd, long long hw,               \
        int c, int groups, int bands, int chunks, double* partials) {                                       \
        gradients(src, diffDst, mean, invStd, hw, c, groups, bands, chunks, partials);                      \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_groupnorm_apply_gradients_##name(               \
        const T* src, const T* diffDst, const float* gamma, const float* mean, const float* invStd,         \
        const float* table, T* diffSrc, long long statistics, long long hw, int c, int groups,              \
        int tiles) {                                                                                        \
        apply_gradients(src, diffDst, gamma, mean, invStd, table, diffSrc, statistics, hw, c,               \
            groups, tiles);                                                                                 \
    }
