// Max and average pooling of NHWC images, by given windows and to a given size. A thread has four channels of one pixel of what it
// writes; backward as forward it gathers, so there are no atomics and the sums have one order.
//
// Bytes from memory, of float: forward 4 an input element and 4 an output (max 8, with the place), backward the same turned round, for what
// overlapping windows read again comes out of L1 and L2 (3 x 3 with stride 2: 2.25 reads an element). Memory bounds all of it.
#pragma once

#include "gatun_quads.h"

// The windows along one axis: window i begins at i stride - before and is `kernel` long.
struct pool_axis {
    int size, out, kernel, stride, before, after;

    GATUN_METHOD int from(int i) const {
        int at = i * stride - before;
        return at > 0 ? at : 0;
    }

    GATUN_METHOD int to(int i) const {
        int at = i * stride - before + kernel;
        return at < size ? at : size;
    }

    // The length that an average divides by: within the image, or within the padded image.
    GATUN_METHOD int length(int i, int padded) const {
        int begin = i * stride - before;
        int end = begin + kernel;
        if (padded) {
            return (end < size + after ? end : size + after) - begin;
        }
        return to(i) - from(i);
    }

    // The first window that element `at` is in, and the one behind the last.
    GATUN_METHOD int first(int at) const {
        int behind = at + before - kernel;
        return behind < 0 ? 0 : behind / stride + 1;
    }

    GATUN_METHOD int last(int at) const {
        int behind = (at + before) / stride + 1;
        return behind < out ? behind : out;
    }
};

// Window i of `out` is of the elements floor(i size / out) to ceil((i + 1) size / out); an element is in the windows by the same
// rule with the sizes exchanged.
struct adaptive_axis {
    int size, out;

    GATUN_METHOD static int down(int i, int size, int out) {
        return (int) ((long long) i * size / out);
    }

    GATUN_METHOD static int up(int i, int size, int out) {
        return (int) (((i + 1LL) * size + out - 1) / out);
    }

    GATUN_METHOD int from(int i) const {
        return down(i, size, out);
    }

    GATUN_METHOD int to(int i) const {
        return up(i, size, out);
    }

    GATUN_METHOD int length(int i, int padded) const {
        return to(i) - from(i);
    }

    GATUN_METHOD int first(int at) const {
        return down(at, out, size);
    }

    GATUN_METHOD int last(int at) const {
        return up(at, out, size);
    }
};

// Where pixel number p of images of h x w lies.
struct pool_pixel {
    long long n;
    int y, x;
};

GATUN_FN pool_pixel pixel_at(long long p, int h, int w) {
    long long n = p / ((long long) h * w);
    int rest = (int) (p - n * h * w);
    return {n, rest / w, rest % w};
}

template <typename Axis>
GATUN_FN int divisor(Axis rows, Axis cols, int y, int x, int padded) {
    int height = rows.length(y, padded);
    int width = cols.length(x, padded);
    return height > 0 && width > 0 ? height * width : 1;
}

// Four places of maxima.
struct alignas(16) pool_places {
    int v[4];
};

template <bool WIDE>
GATUN_FN pool_places load_places(const int* p, int width) {
    pool_places places;
    if constexpr (WIDE) {
        places = *(const pool_places*) p;
    } else {
        for (int j = 0; j < 4; j++) {
            places.v[j] = j < width ? p[j] : -1;
        }
    }
    return places;
}

template <bool WIDE>
GATUN_FN void store_places(int* p, int width, pool_places places) {
    if constexpr (WIDE) {
        *(pool_places*) p = places;
    } else {
        for (int j = 0; j < 4; j++) {
            if (j < width) {
                p[j] = places.v[j];
            }
        }
    }
}

// The largest of each window and where it is, y w + x in its plane; the first in row order of equals; a NaN is larger than all and the
// first NaN stays. A window wholly in the padding gives -Inf and -1.
template <bool WIDE, typename T, typename Axis>
GATUN_FN void max_forward(const T* __restrict__ src, T* __restrict__ dst, int* __restrict__ indices,
                          long long pixels, int c, Axis rows, Axis cols) {
    long long p = (long long) blockIdx.x * blockDim.y + threadIdx.y;
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (p >= pixels || width <= 0) {
        return;
    }
    pool_pixel at = pixel_at(p, rows.out, cols.out);
    const T* image = src + at.n * rows.size * cols.size * c + k;
    float none = gatun_float(0xff800000u);
    gatun_quad best = {none, none, none, none};
    pool_places place = {-1, -1, -1, -1};
    int toRow = rows.to(at.y);
    int fromCol = cols.from(at.x);
    int toCol = cols.to(at.x);
    for (int row = rows.from(at.y); row < toRow; row++) {
        for (int col = fromCol; col < toCol; col++) {
            int here = row * cols.size + col;
            gatun_quad x = gatun_load_quad<WIDE>(image + (long long) here * c, width);
            for (int j = 0; j < 4; j++) {
                // Not less or equal: larger, or a NaN.
                bool larger = place.v[j] < 0 || (!(x.v[j] <= best.v[j]) && !gatun_nan(best.v[j]));
                best.v[j] = larger ? x.v[j] : best.v[j];
                place.v[j] = larger ? here : place.v[j];
            }
        }
    }
    gatun_store_quad<WIDE>(dst + p * c + k, width, best);
    store_places<WIDE>(indices + p * c + k, width, place);
}

// An input pixel gets the gradient of each window that it is in and is the maximum of.
template <bool WIDE, typename T, typename Axis>
GATUN_FN void max_backward(const T* __restrict__ diffDst, const int* __restrict__ indices,
                           T* __restrict__ diffSrc, long long pixels, int c, Axis rows, Axis cols) {
    long long p = (long long) blockIdx.x * blockDim.y + threadIdx.y;
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (p >= pixels || width <= 0) {
        return;
    }
    pool_pixel at = pixel_at(p, rows.size, cols.size);
    int here = at.y * cols.size + at.x;
    long long image = at.n * rows.out * cols.out;
    gatun_quad sum = {};
    int lastRow = rows.last(at.y);
    int firstCol = cols.first(at.x);
    int lastCol = cols.last(at.x);
    for (int y = rows.first(at.y); y < lastRow; y++) {
        for (int x = firstCol; x < lastCol; x++) {
            long long window = (image + (long long) y * cols.out + x) * c + k;
            gatun_quad g = gatun_load_quad<WIDE>(diffDst + window, width);
            pool_places place = load_places<WIDE>(indices + window, width);
            for (int j = 0; j < 4; j++) {
                sum.v[j] += place.v[j] == here ? g.v[j] : 0.0f;
            }
        }
    }
    gatun_store_quad<WIDE>(diffSrc + p * c + k, width, sum);
}

// The average of each window; 0 where it has no element.
template <bool WIDE, typename T, typename Axis>
GATUN_FN void average_forward(const T* __restrict__ src, T* __restrict__ dst, long long pixels, int c, Axis rows,
                              Axis cols, int padded) {
    long long p = (long long) blockIdx.x * blockDim.y + threadIdx.y;
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (p >= pixels || width <= 0) {
        return;
    }
    pool_pixel at = pixel_at(p, rows.out, cols.out);
    const T* image = src + at.n * rows.size * cols.size * c + k;
    gatun_quad sum = {};
    int toRow = rows.to(at.y);
    int fromCol = cols.from(at.x);
    int toCol = cols.to(at.x);
    for (int row = rows.from(at.y); row < toRow; row++) {
        for (int col = fromCol; col < toCol; col++) {
            gatun_quad x = gatun_load_quad<WIDE>(image + ((long long) row * cols.size + col) * c, width);
            for (int j = 0; j < 4; j++) {
                sum.v[j] += x.v[j];
            }
        }
    }
    float count = (float) divisor(rows, cols, at.y, at.x, padded);
    for (int j = 0; j < 4; j++) {
        sum.v[j] /= count;
    }
    gatun_store_quad<WIDE>(dst + p * c + k, width, sum);
}

// The same for large windows, as the whole image: a block for each, whose rows of threads share its pixels. The sums are in double,
// one addition an element, for they may be of many thousands.
template <bool WIDE, typename T, typename Axis>
GATUN_FN void average_window(const T* __restrict__ src, T* __restrict__ dst, int c, Axis rows, Axis cols,
                             int padded, double* shared) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    pool_pixel at = pixel_at(blockIdx.x, rows.out, cols.out);
    double sums[4] = {};
    if (width > 0) {
        const T* image = src + at.n * rows.size * cols.size * c + k;
        int fromCol = cols.from(at.x);
        int across = cols.to(at.x) - fromCol;
        int fromRow = rows.from(at.y);
        int count = across > 0 ? across * (rows.to(at.y) - fromRow) : 0;
        for (int i = threadIdx.y; i < count; i += blockDim.y) {
            int row = fromRow + i / across;
            int col = fromCol + i % across;
            gatun_quad x = gatun_load_quad<WIDE>(image + ((long long) row * cols.size + col) * c, width);
            for (int j = 0; j < 4; j++) {
                sums[j] += (double) x.v[j];
            }
        }
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0 && width > 0) {
        double count = divisor(rows, cols, at.y, at.x, padded);
        gatun_quad mean = {(float) (sums[0] / count), (float) (sums[1] / count), (float) (sums[2] / count),
                           (float) (sums[3] / count)};
        gatun_store_quad<WIDE>(dst + (long long) blockIdx.x * c + k, width, mean);
    }
}

// An input pixel gets its share of the gradient of each window that it is in.
template <bool WIDE, typename T, typename Axis>
GATUN_FN void average_backward(const T* __restrict__ diffDst, T* __restrict__ diffSrc, long long pixels, int c,
                               Axis rows, Axis cols, int padded) {
    long long p = (long long) blockIdx.x * blockDim.y + threadIdx.y;
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    if (p >= pixels || width <= 0) {
        return;
    }
    pool_pixel at = pixel_at(p, rows.size, cols.size);
    long long image = at.n * rows.out * cols.out;
    gatun_quad sum = {};
    int lastRow = rows.last(at.y);
    int firstCol = cols.first(at.x);
    int lastCol = cols.last(at.x);
    for (int y = rows.first(at.y); y < lastRow; y++) {
        GATUN_ROLLED
        for (int x = firstCol; x < lastCol; x++) {
            gatun_quad g = gatun_load_quad<WIDE>(diffDst + (image + (long long) y * cols.out + x) * c + k, width);
            float count = (float) divisor(rows, cols, y, x, padded);
            for (int j = 0; j < 4; j++) {
                sum.v[j] += g.v[j] / count;
            }
        }
    }
    gatun_store_quad<WIDE>(diffSrc + p * c + k, width, sum);
}

template <typename T, typename Axis>
GATUN_FN void max_forward(const T* src, T* dst, int* indices, long long pixels, int c, Axis rows, Axis cols) {
    if (c % 4 == 0 && gatun_wide(src, dst, (const float*) indices)) {
        max_forward<true>(src, dst, indices, pixels, c, rows, cols);
    } else {
        max_forward<false>(src, dst, indices, pixels, c, rows, cols);
    }
}

template <typename T, typename Axis>
GATUN_FN void max_backward(const T* diffDst, const int* indices, T* diffSrc, long long pixels, int c, Axis rows, Axis cols) {
    if (c % 4 == 0 && gatun_wide(diffDst, (const float*) indices, diffSrc)) {
        max_backward<true>(diffDst, indices, diffSrc, pixels, c, rows, cols);
    } else {
        max_backward<false>(diffDst, indices, diffSrc, pixels, c, rows, cols);
    }
}

template <typename T, typename Axis>
GATUN_FN void average_forward(const T* src, T* dst, long long pixels, int c, Axis rows, Axis cols, int padded) {
    if (c % 4 == 0 && gatun_wide(src, dst)) {
        average_forward<true>(src, dst, pixels, c, rows, cols, padded);
    } else {
        average_forward<false>(src, dst, pixels, c, rows, cols, padded);
    }
}

template <typename T, typename Axis>
GATUN_FN void average_window(const T* src, T* dst, int c, Axis rows, Axis cols, int padded) {
    __shared__ double shared[4 * 256];
    if (c % 4 == 0 && gatun_wide(src, dst)) {
        average_window<true>(src, dst, c, rows, cols, padded, shared);
    } else {
        average_window<false>(src, dst, c, rows, cols, padded, shared);
    }
}

template <typename T, typename Axis>
GATUN_FN void average_backward(const T* diffDst, T* diffSrc, long long pixels, int c, Axis rows, Axis cols, int padded) {
    if (c % 4 == 0 && gatun_wide(diffDst, diffSrc)) {
        average_backward<true>(diffDst, diffSrc, pixels, c, rows, cols, padded);
    } else {
        average_backward<false>(diffDst, diffSrc, pixels, c, rows, cols, padded);
    }
}

// `pixels` are those written, of all images.
#define GATUN_POOL_SIZES                                                                                               \
    int h, int oh, int kh, int sh, int ph, int pb, int w, int ow, int kw, int sw, int pw, int pr
#define GATUN_POOL_AXES pool_axis{h, oh, kh, sh, ph, pb}, pool_axis{w, ow, kw, sw, pw, pr}
#define GATUN_ADAPTIVE_AXES adaptive_axis{h, oh}, adaptive_axis{w, ow}

#define GATUN_POOL(name, T)                                                                                 \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_max_##name(                                \
        const T* src, T* dst, int* indices, long long pixels, int c, GATUN_POOL_SIZES) {                    \
        max_forward(src, dst, indices, pixels, c, GATUN_POOL_AXES);                                         \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_max_backward_##name(                       \
        const T* diffDst, const int* indices, T* diffSrc, long long pixels, int c,                          \
        GATUN_POOL_SIZES) {                                                                                 \
        max_backward(diffDst, indices, diffSrc, pixels, c, GATUN_POOL_AXES);                                \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_average_##name(                            \
        const T* src, T* dst, long long pixels, int c, GATUN_POOL_SIZES, int padded) {                      \
        average_forward(src, dst, pixels, c, GATUN_POOL_AXES, padded);                                      \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_average_window_##name(                     \
        const T* src, T* dst, int c, GATUN_POOL_SIZES, int padded) {                                        \
        average_window(src, dst, c, GATUN_POOL_AXES, padded);                                               \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_average_backward_##name(                   \
        const T* diffDst, T* diffSrc, long long pixels, int c, GATUN_POOL_SIZES, int padded) {              \
        average_backward(diffDst, diffSrc, pixels, c, GATUN_POOL_AXES, padded);                             \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_adaptivepool_max_##name(                        \
        const T* src, T* dst, int* indices, long long pixels, int c, int h, int oh, int w, int ow) {        \
        max_forward(src, dst, indices, pixels, c, GATUN_ADAPTIVE_AXES);                                     \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_adaptivepool_max_backward_##name(               \
        const T* diffDst, const int* indices, T* diffSrc, long long pixels, int c,                          \
        int h, int oh, int w, int ow) {                                                                     \
        max_backward(diffDst, indices, diffSrc, pixels, c, GATUN_ADAPTIVE_AXES);                            \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_adaptivepool_average_##name(                    \
        const T* src, T* dst, int c, int h, int oh, int w, int ow) {                                        \
        average_window(src, dst, c, GATUN_ADAPTIVE_AXES, 0);                                                \
    }                                                                                                       \
    extern "C" __global__ void __launch_bounds__(256) gatun_adaptivepool_average_backward_##name(           \
        const T* diffDst, T* diffSrc, long long pixels, int c, int h, int oh, int w, int ow) {              \
        average_backward(diffDst, diffSrc, pixels, c, GATUN_ADAPTIVE_AXES, 0);                              \
    }
