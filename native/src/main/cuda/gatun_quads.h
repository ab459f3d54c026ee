// How the kernels of normalization and pooling see NHWC memory: rows (pixels) of c channels, row after row. A thread has four
// neighbouring channels (a quad: one 16-byte access of float) of some rows, so a warp reads 512 bytes in a row where c is 128 or
// more, and the whole width of several rows where it is less. A block has blockDim.x quads times blockDim.y rows, at most 256
// threads; blockIdx.y says which quads. What belongs to a channel is loaded once and serves all the rows.
#pragma once

#include "gatun.h"

// A loop that is one in the code too: the loads of its next turns, brought forward, would take registers for little.
#ifdef __CUDACC__
#define GATUN_ROLLED _Pragma("unroll 1")
#else
#define GATUN_ROLLED
#endif

// How many rows of a tile's 8 a thread has in registers at a time: as many loads of every operand are under way.
template <bool WIDE>
constexpr int GATUN_ROWS = WIDE ? 4 : 1;

struct gatun_quad {
    float v[4];
};

// How many of the four are channels. Negative or zero where the block is wider than the rows are.
GATUN_FN int gatun_quad_width(int k, int c) {
    return c - k < 4 ? c - k : 4;
}

// The first of this thread's channels.
GATUN_FN int gatun_quad_channel() {
    return 4 * (int) (blockIdx.y * blockDim.x + threadIdx.x);
}

// WIDE: the address is aligned to four and all four are there; else one by one, and 0 for those that are not.
template <bool WIDE, typename T>
GATUN_FN gatun_quad gatun_load_quad(const T* p, int width) {
    gatun_quad q;
    if constexpr (WIDE) {
        gatun_f4 f = gatun_load4(p);
        q = {{f.x, f.y, f.z, f.w}};
    } else {
        for (int j = 0; j < 4; j++) {
            q.v[j] = j < width ? gatun_load(p + j) : 0.0f;
        }
    }
    return q;
}

// A quad of N rows that are `step` apart; 0 for those that are not there. All loads are under way before the first is used.
template <bool WIDE, int N, typename T>
GATUN_FN void gatun_load_rows(const T* p, long long row, int step, long long rows, int c, int k, int width,
                              gatun_quad (&out)[N]) {
    for (int i = 0; i < N; i++) {
        bool there = row + i * step < rows;
        out[i] = there ? gatun_load_quad<WIDE>(p + (row + i * step) * c + k, width) : gatun_quad{};
    }
}

template <bool WIDE, typename T>
GATUN_FN void gatun_store_quad(T* p, int width, gatun_quad q) {
    if constexpr (WIDE) {
        gatun_store4(p, gatun_f4{q.v[0], q.v[1], q.v[2], q.v[3]});
    } else {
        for (int j = 0; j < 4; j++) {
            if (j < width) {
                gatun_store(p + j, q.v[j]);
            }
        }
    }
}

template <bool WIDE, int N, typename T>
GATUN_FN void gatun_store_rows(T* p, long long row, int step, long long rows, int c, int k, int width,
                               const gatun_quad (&in)[N]) {
    for (int i = 0; i < N; i++) {
        if (row + i * step < rows) {
            gatun_store_quad<WIDE>(p + (row + i * step) * c + k, width, in[i]);
        }
    }
}

// One number for each of the four channels.
GATUN_FN gatun_quad gatun_channels(const float* p, int k, int width) {
    return width == 4 && gatun_wide(p + k) ? gatun_load_quad<true>(p + k, width) : gatun_load_quad<false>(p + k, width);
}

// Sums over blockDim.y: of each of N numbers of every thread, the sum over the threads with its threadIdx.x, in those with
// threadIdx.y = 0. A fixed tree, which folds the upper half of the rows onto the lower; `shared` holds N x 256.
template <int N>
GATUN_FN void gatun_sum_rows(double (&mine)[N], double* shared) {
    int at = threadIdx.y * blockDim.x + threadIdx.x;
    for (int j = 0; j < N; j++) {
        shared[j * 256 + at] = mine[j];
    }
    for (int rows = blockDim.y; rows > 1;) {
        int half = (rows + 1) / 2;
        __syncthreads();
        if ((int) threadIdx.y < rows - half) {
            for (int j = 0; j < N; j++) {
                mine[j] += shared[j * 256 + at + half * (int) blockDim.x];
                shared[j * 256 + at] = mine[j];
            }
        }
        rows = half;
    }
}

// ---- Moments -----------------------------------------------------------------------------------------------------------
// The variance of numbers near 1e4 that differ by 0.01 has no digit right as the mean of squares less the square of the mean in
// float, and few by Welford's updates, which round the mean to 1e-3. So: of up to 8 numbers at a time, which lie in registers,
// the rounded mean m, then sum d and sum d^2 of d = x - m, exact or nearly so; these give the squares about the numbers' own mean
// without cancellation. What is far apart is added in double, about an origin that is one of the numbers: with (mean -
// origin)^2 <= n var the cancellation of n numbers costs n 2^-53 of the variance at most. Doubles come to about one operation an
// element, which even a GPU with a 64th of the rate for them hides behind memory.

struct gatun_moments {
    double within;  // the squares of the groups of 8, each about its own mean
    double first;   // sum of n (mean - origin) over the groups
    double second;  // sum of n (mean - origin)^2
};

// The first `count` of N numbers, of which `inverse` is 1 / count; the others are 0. That m and the share are off by a rounding
// does no harm: m is only a number near the mean.
template <int N>
GATUN_FN void gatun_add_moments(gatun_moments& to, const float (&x)[N], int count, float inverse, double origin) {
    float tree[N];
    for (int i = 0; i < N; i++) {
        tree[i] = x[i];
    }
    for (int half = N / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            tree[i] += tree[i + half];
        }
    }
    float m = tree[0] * inverse;
    float sum = 0.0f;
    float squares = 0.0f;
    for (int i = 0; i < N; i++) {
        float d = i < count ? x[i] - m : 0.0f;
        sum += d;
        squares = fmaf(d, d, squares);
    }
    float share = sum * inverse;
    double e = ((double) m - origin) + (double) share;
    double weighted = count * e;
    to.within += (double) fmaf(-sum, share, squares);
    to.first += weighted;
    to.second += weighted * e;
}

// Squares about the mean, of n numbers. Not below 0, and NaN stays.
GATUN_FN double gatun_squares(gatun_moments m, double n) {
    double squares = m.within + (m.second - m.first * (m.first / n));
    return squares < 0.0 ? 0.0 : squares;
}

// What a float mean loses, so that x - mean can be exact for numbers that differ little: (x - high) - low.
GATUN_FN float gatun_low_part(double mean, float high) {
    double low = mean - (double) high;
    return low == low ? (float) low : 0.0f;
}

// The moments of some rows of one sample, for each channel: out[(band 3 + what) c + k] for band = blockIdx.x, which is of
// `chunks` times 8 blockDim.y rows. Reads each element once: 4 bytes and about 5 operations, so memory bounds it.
template <bool WIDE, typename T>
GATUN_FN void gatun_band_moments(const T* __restrict__ src, long long rows, int c, long long band, int chunks,
                                 double* __restrict__ out, double* shared) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    int step = blockDim.y;
    long long row = band * chunks * 8 * step + threadIdx.y;
    double sums[12] = {};
    if (width > 0) {
        gatun_quad origin = gatun_load_quad<WIDE>(src + k, width);
        gatun_moments moments[4] = {};
        for (int chunk = 0; chunk < chunks && row < rows; chunk++, row += 8 * step) {
            gatun_quad x[8];
            gatun_load_rows<WIDE>(src, row, step, rows, c, k, width, x);
            int count = 0;
            for (int i = 0; i < 8; i++) {
                count += row + i * step < rows;
            }
            float inverse = 1.0f / (float) count;
            for (int j = 0; j < 4; j++) {
                float column[8];
                for (int i = 0; i < 8; i++) {
                    column[i] = x[i].v[j];
                }
                gatun_add_moments(moments[j], column, count, inverse, origin.v[j]);
            }
        }
        for (int j = 0; j < 4; j++) {
            sums[3 * j] = moments[j].within;
            sums[3 * j + 1] = moments[j].first;
            sums[3 * j + 2] = moments[j].second;
        }
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0) {
        for (int i = 0; i < 12; i++) {
            if (i / 3 < width) {
                out[(blockIdx.x * 3LL + i % 3) * c + k + i / 3] = sums[i];
            }
        }
    }
}

// ---- Sums for the gradients --------------------------------------------------------------------------------------------

// Of each channel the sums of g and of g x^ over some rows, x^ = (src - mean) invStd: out[(band 2 + what) c + k]. The factor invStd
// comes last, for x^ may overflow where g x^ does not. g is diffDst; with a mask, it is diffDst where dst is above 0: a product, not a choice, so that NaN stays. One bit an element says where that
// was, 8 rows of a quad in one word, for the thread that will have the same element later; with diffResidual, g itself is kept.
// `group` channels side by side have one mean. Reads 8 bytes an element, 12 with dst.
template <bool WIDE, bool MASKED, typename T>
GATUN_FN void gatun_band_gradients(const T* __restrict__ src, const T* __restrict__ dst, const T* __restrict__ diffDst,
                                   const float* mean, const float* invStd, int group, long long rows, int c,
                                   long long band, int chunks, T* __restrict__ diffResidual,
                                   unsigned* __restrict__ mask, double* __restrict__ out, double* shared) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    gatun_quad average = {};
    for (int j = 0; j < width; j++) {
        average.v[j] = mean[(k + j) / group];
    }
    int step = blockDim.y;
    double sums[8] = {};
    for (int chunk = 0; chunk < chunks && width > 0; chunk++) {
        long long tile = band * chunks + chunk;
        long long row = tile * 8 * step + threadIdx.y;
        if (row >= rows) {
            break;
        }
        float sum[4] = {};
        float product[4] = {};
        unsigned open = 0;
        GATUN_ROLLED
        for (int from = 0; from < 8; from += GATUN_ROWS<WIDE>) {
            long long first = row + from * step;
            gatun_quad x[GATUN_ROWS<WIDE>], g[GATUN_ROWS<WIDE>], y[GATUN_ROWS<WIDE>];
            gatun_load_rows<WIDE>(src, first, step, rows, c, k, width, x);
            gatun_load_rows<WIDE>(diffDst, first, step, rows, c, k, width, g);
            if constexpr (MASKED) {
                gatun_load_rows<WIDE>(dst, first, step, rows, c, k, width, y);
            }
            for (int i = 0; i < GATUN_ROWS<WIDE>; i++) {
                for (int j = 0; j < 4; j++) {
                    if constexpr (MASKED) {
                        bool passed = y[i].v[j] > 0.0f;
                        g[i].v[j] *= passed ? 1.0f : 0.0f;
                        open |= (passed ? 1u : 0u) << (4 * (from + i) + j);
                    }
                    // A row that is not there has g = 0, and 0 less an infinite mean gives NaN with that.
                    float distance = first + i * step < rows ? x[i].v[j] - average.v[j] : 0.0f;
                    sum[j] += g[i].v[j];
                    product[j] = fmaf(g[i].v[j], distance, product[j]);
                }
            }
            if (diffResidual) {
                gatun_store_rows<WIDE>(diffResidual, first, step, rows, c, k, width, g);
            }
        }
        if (MASKED && mask) {
            mask[(tile * step + threadIdx.y) * ((c + 3) / 4) + k / 4] = open;
        }
        for (int j = 0; j < 4; j++) {
            sums[2 * j] += (double) sum[j];
            sums[2 * j + 1] += (double) product[j];
        }
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0) {
        for (int i = 0; i < 8; i++) {
            if (i / 2 < width) {
                double factor = i % 2 == 0 ? 1.0 : (double) invStd[(k + i / 2) / group];
                out[(blockIdx.x * 2LL + i % 2) * c + k + i / 2] = sums[i] * factor;
            }
        }
    }
}

// Sums over the bands of N numbers a channel, for a block of 8 channels times 32 bands at a time; in threads with threadIdx.y
// = 0 and a channel below c. The block reads 64 bytes in a row.
template <int N>
GATUN_FN void gatun_sum_bands(const double* __restrict__ partials, long long bands, int c, int k, double (&sums)[N],
                              double* shared) {
    for (int j = 0; j < N; j++) {
        sums[j] = 0.0;
    }
    if (k < c) {
        for (long long band = threadIdx.y; band < bands; band += blockDim.y) {
            for (int j = 0; j < N; j++) {
                sums[j] += partials[(band * N + j) * c + k];
            }
        }
    }
    gatun_sum_rows(sums, shared);
}
