// Max and average pooling of NHWC images, by given windows and to a given size. A thread has 16 bytes of channels of one
// pixel of what it writes; backward as forward it gathers, so there are no atomics and the sums have one order.
//
// Bytes from memory, of float: forward 4 an input element and 4 an output (max 8, with the place), backward the same turned
// round, for what overlapping windows read again comes out of L1 and L2 (3 x 3 with stride 2: 2.25 reads an element). Memory
// bounds all of it, as long as enough of it is on its way: so several elements of a window are loaded before the first is
// looked at, and what the host knows is divided by with a multiplication.
#pragma once

#include "pool_windows.h"

// Channels of a thread.
template <typename T>
constexpr int CHANNELS = 16 / (int) sizeof(T);

// Elements of a window that are under way at once: all of 2 x 2, and all windows that a pixel of 3 x 3 with stride 2 is in.
constexpr int AHEAD = 4;

// NHWC images, by what divides numbers of pixels by their height and width.
struct pool_images {
    gatun_divisor h, w;
    int c;

    GATUN_METHOD long long start(long long image) const {
        return image * h.divisor * w.divisor * c;
    }

    GATUN_METHOD long long at(int y, int x) const {
        return ((long long) y * (int) w.divisor + x) * c;
    }

    // Which of its plane a pixel is.
    GATUN_METHOD int place(int y, int x) const {
        return y * (int) w.divisor + x;
    }
};

// A thread's channels of pixel number `pixel` of all images: pixel (y, x) of `image`. `width` of them are channels.
struct pool_part {
    long long pixel, image;
    int y, x, channel, width;

    GATUN_METHOD pool_part(long long pixel, const pool_images& images, int channels) : pixel(pixel) {
        long long line = gatun_quotient(pixel, images.w);
        image = gatun_quotient(line, images.h);
        y = (int) (line - image * images.h.divisor);
        x = (int) (pixel - line * images.w.divisor);
        channel = channels * (int) (blockIdx.y * blockDim.x + threadIdx.x);
        width = images.c - channel < channels ? images.c - channel : channels;
    }
};

// What a kernel is told besides its operands.
template <typename Axis>
struct pool_problem {
    pool_images in, out;
    Axis rows, cols;
    int padded;  // whether an average divides by the padding too

    // The elements of a window.
    GATUN_METHOD pool_box window(int y, int x) const {
        return {rows.from(y), rows.to(y), cols.from(x), cols.to(x)};
    }

    // The windows that an element is in.
    GATUN_METHOD pool_box windows(int y, int x) const {
        return {rows.first(y), rows.last(y), cols.first(x), cols.last(x)};
    }

    // What the average of a window divides by, 1 where it is empty.
    GATUN_METHOD int divisor(int y, int x) const {
        int height = rows.length(y, padded);
        int width = cols.length(x, padded);
        return height > 0 && width > 0 ? height * width : 1;
    }
};

// ---- Channels in memory ------------------------------------------------------------------------------------------------

template <typename V, int N>
struct pool_channels {
    V v[N];
};

// Eight of 16 bits, or four places of maxima.
struct alignas(16) pool_words {
    unsigned w[4];
};

// So many channels are moved at once: 16 bytes of them, four, or one.
template <int N>
struct pool_access {
    static constexpr int COUNT = N;
};

template <int N, int COUNT, typename T>
GATUN_FN pool_channels<float, N> pool_load(pool_access<COUNT>, const T* p, int width) {
    pool_channels<float, N> x = {};
    if constexpr (COUNT == 8) {
        pool_words words = *(const pool_words*) p;
        for (int j = 0; j < N; j++) {
            T one = {(unsigned short) (words.w[j / 2] >> 16 * (j % 2))};
            x.v[j] = gatun_load(&one);
        }
    } else if constexpr (COUNT == 4) {
        for (int j = 0; j < N; j += 4) {
            if (j < width) {
                gatun_f4 four = gatun_load4(p + j);
                x.v[j] = four.x;
                x.v[j + 1] = four.y;
                x.v[j + 2] = four.z;
                x.v[j + 3] = four.w;
            }
        }
    } else {
        for (int j = 0; j < N; j++) {
            if (j < width) {
                x.v[j] = gatun_load(p + j);
            }
        }
    }
    return x;
}

template <int COUNT, int N, typename T>
GATUN_FN void pool_store(pool_access<COUNT>, T* p, int width, const pool_channels<float, N>& x) {
    if constexpr (COUNT == 8) {
        pool_words words = {};
        for (int j = 0; j < N; j++) {
            T one;
            gatun_store(&one, x.v[j]);
            words.w[j / 2] |= (unsigned) one.bits << 16 * (j % 2);
        }
        *(pool_words*) p = words;
    } else if constexpr (COUNT == 4) {
        for (int j = 0; j < N; j += 4) {
            if (j < width) {
                gatun_store4(p + j, gatun_f4{x.v[j], x.v[j + 1], x.v[j + 2], x.v[j + 3]});
            }
        }
    } else {
        for (int j = 0; j < N; j++) {
            if (j < width) {
                gatun_store(p + j, x.v[j]);
            }
        }
    }
}

template <int N, int COUNT>
GATUN_FN pool_channels<int, N> pool_load_places(pool_access<COUNT>, const int* p, int width) {
    pool_channels<int, N> places = {};
    for (int j = 0; j < N; j += COUNT == 1 ? 1 : 4) {
        if (j < width) {
            if constexpr (COUNT == 1) {
                places.v[j] = p[j];
            } else {
                pool_words four = *(const pool_words*) (p + j);
                for (int i = 0; i < 4; i++) {
                    places.v[j + i] = (int) four.w[i];
                }
            }
        }
    }
    return places;
}

template <int COUNT, int N>
GATUN_FN void pool_store_places(pool_access<COUNT>, int* p, int width, const pool_channels<int, N>& places) {
    for (int j = 0; j < N; j += COUNT == 1 ? 1 : 4) {
        if (j < width) {
            if constexpr (COUNT == 1) {
                p[j] = places.v[j];
            } else {
                *(pool_words*) (p + j) = {{(unsigned) places.v[j], (unsigned) places.v[j + 1], (unsigned) places.v[j + 2],
                                           (unsigned) places.v[j + 3]}};
            }
        }
    }
}

// Runs `code` with as wide an access to rows of c channels as their addresses allow.
template <typename T, typename Code, typename... Others>
GATUN_FN void pool_with_access(int c, Code code, const T* first, const Others*... others) {
    if (CHANNELS<T> == 8 && c % 8 == 0 && gatun_wide16(first, others...)) {
        code(pool_access<CHANNELS<T>>());
    } else if (c % 4 == 0 && gatun_wide(first, others...)) {
        code(pool_access<4>());
    } else {
        code(pool_access<1>());
    }
}

// For the thread's part of `pixels` pixels, those of `written` images, if it has one, with the access that there is.
template <typename T, typename Code, typename... Others>
GATUN_FN void pool_each(long long pixels, const pool_images& written, Code code, const T* first, const Others*... others) {
    pool_part at((long long) blockIdx.x * blockDim.y + threadIdx.y, written, CHANNELS<T>);
    if (at.pixel < pixels && at.width > 0) {
        pool_with_access(written.c, [&](auto access) { code(access, at); }, first, others...);
    }
}

// ---- Maxima ------------------------------------------------------------------------------------------------------------

// The largest of each window and where it is, y w + x in its plane; the first in row order of equals; a NaN is larger than all
// and the first NaN stays. A window wholly in the padding gives -Inf and -1.
template <typename T, typename Axis>
GATUN_FN void max_forward(const T* __restrict__ src, T* __restrict__ dst, int* __restrict__ indices, long long pixels,
                          const pool_problem<Axis>& pool) {
    constexpr int N = CHANNELS<T>;
    auto code = [&](auto access, const pool_part& at) {
        const T* image = src + pool.in.start(at.image) + at.channel;
        pool_channels<float, N> best;
        pool_channels<int, N> places;
        for (int j = 0; j < N; j++) {
            best.v[j] = gatun_float(0xff800000u);
            places.v[j] = -1;
        }
        pool_walk<AHEAD>(
            pool.window(at.y, at.x),
            [&](int row, int col) { return pool_load<N>(access, image + pool.in.at(row, col), at.width); },
            [&](int row, int col, const pool_channels<float, N>& x) {
                for (int j = 0; j < N; j++) {
                    // Not less or equal: larger, or a NaN.
                    bool larger = places.v[j] < 0 || (!(x.v[j] <= best.v[j]) && !gatun_nan(best.v[j]));
                    best.v[j] = larger ? x.v[j] : best.v[j];
                    places.v[j] = larger ? pool.in.place(row, col) : places.v[j];
                }
            });
        long long to = at.pixel * pool.out.c + at.channel;
        pool_store(access, dst + to, at.width, best);
        pool_store_places(access, indices + to, at.width, places);
    };
    pool_each(pixels, pool.out, code, src, dst, indices);
}

// A gradient and the place that it is for.
template <int N>
struct pool_gradient {
    pool_channels<float, N> g;
    pool_channels<int, N> places;
};

// An input pixel gets the gradient of each window that it is in and is the maximum of.
template <typename T, typename Axis>
GATUN_FN void max_backward(const T* __restrict__ diffDst, const int* __restrict__ indices, T* __restrict__ diffSrc,
                           long long pixels, const pool_problem<Axis>& pool) {
    constexpr int N = CHANNELS<T>;
    auto code = [&](auto access, const pool_part& at) {
        long long image = pool.out.start(at.image) + at.channel;
        int here = pool.in.place(at.y, at.x);
        pool_channels<float, N> sum = {};
        pool_walk<AHEAD>(
            pool.windows(at.y, at.x),
            [&](int y, int x) {
                long long window = image + pool.out.at(y, x);
                return pool_gradient<N>{pool_load<N>(access, diffDst + window, at.width),
                                        pool_load_places<N>(access, indices + window, at.width)};
            },
            [&](int y, int x, const pool_gradient<N>& window) {
                for (int j = 0; j < N; j++) {
                    sum.v[j] += window.places.v[j] == here ? window.g.v[j] : 0.0f;
                }
            });
        pool_store(access, diffSrc + at.pixel * pool.in.c + at.channel, at.width, sum);
    };
    pool_each(pixels, pool.in, code, diffDst, indices, diffSrc);
}

// ---- Averages ----------------------------------------------------------------------------------------------------------

// The average of each window; 0 where it has no element.
template <typename T, typename Axis>
GATUN_FN void average_forward(const T* __restrict__ src, T* __restrict__ dst, long long pixels, const pool_problem<Axis>& pool) {
    constexpr int N = CHANNELS<T>;
    auto code = [&](auto access, const pool_part& at) {
        const T* image = src + pool.in.start(at.image) + at.channel;
        pool_channels<float, N> sum = {};
        pool_walk<AHEAD>(
            pool.window(at.y, at.x),
            [&](int row, int col) { return pool_load<N>(access, image + pool.in.at(row, col), at.width); },
            [&](int row, int col, const pool_channels<float, N>& x) {
                for (int j = 0; j < N; j++) {
                    sum.v[j] += x.v[j];
                }
            });
        float count = (float) pool.divisor(at.y, at.x);
        for (int j = 0; j < N; j++) {
            sum.v[j] /= count;
        }
        pool_store(access, dst + at.pixel * pool.out.c + at.channel, at.width, sum);
    };
    pool_each(pixels, pool.out, code, src, dst);
}

// The same for large windows, as the whole image: a block for each, whose rows of threads share its pixels. The sums are in
// double, one addition an element, for they may be of many thousands.
template <typename T, typename Axis>
GATUN_FN void average_window(const T* __restrict__ src, T* __restrict__ dst, const pool_problem<Axis>& pool) {
    constexpr int N = CHANNELS<T>;
    __shared__ double shared[N * 256];
    pool_part at(blockIdx.x, pool.out, N);
    pool_box box = pool.window(at.y, at.x);
    int across = box.toCol - box.fromCol;
    double sums[N] = {};
    auto add = [&](auto access) {
        const T* image = src + pool.in.start(at.image) + at.channel;
        int row = (int) threadIdx.y / across;
        int rows = (int) blockDim.y / across;
        pool_walk<AHEAD>(
            box, box.fromRow + row, box.fromCol + (int) threadIdx.y - row * across, rows, (int) blockDim.y - rows * across,
            [&](int y, int x) { return pool_load<N>(access, image + pool.in.at(y, x), at.width); },
            [&](int y, int x, const pool_channels<float, N>& pixel) {
                for (int j = 0; j < N; j++) {
                    sums[j] += (double) pixel.v[j];
                }
            });
    };
    if (at.width > 0 && across > 0) {
        pool_with_access(pool.in.c, add, src);
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0 && at.width > 0) {
        double count = pool.divisor(at.y, at.x);
        pool_channels<float, N> mean;
        for (int j = 0; j < N; j++) {
            mean.v[j] = (float) (sums[j] / count);
        }
        T* to = dst + at.pixel * pool.out.c + at.channel;
        pool_with_access(pool.out.c, [&](auto access) { pool_store(access, to, at.width, mean); }, dst);
    }
}

// An input pixel gets its share of the gradient of each window that it is in. One by one, for most pixels are in one window, and
// what it is divided by takes the registers of another.
template <typename T, typename Axis>
GATUN_FN void average_backward(const T* __restrict__ diffDst, T* __restrict__ diffSrc, long long pixels,
                               const pool_problem<Axis>& pool) {
    constexpr int N = CHANNELS<T>;
    auto code = [&](auto access, const pool_part& at) {
        const T* image = diffDst + pool.out.start(at.image) + at.channel;
        pool_channels<float, N> sum = {};
        pool_walk<1>(
            pool.windows(at.y, at.x),
            [&](int y, int x) { return pool_load<N>(access, image + pool.out.at(y, x), at.width); },
            [&](int y, int x, const pool_channels<float, N>& g) {
                float count = (float) pool.divisor(y, x);
                for (int j = 0; j < N; j++) {
                    sum.v[j] += g.v[j] / count;
                }
            });
        pool_store(access, diffSrc + at.pixel * pool.in.c + at.channel, at.width, sum);
    };
    pool_each(pixels, pool.in, code, diffDst, diffSrc);
}

// ---- Kernels -----------------------------------------------------------------------------------------------------------
// `pixels` are those written, of all images.

#define GATUN_DIVISOR(name) long long name, int name##_factor, int name##_shift
#define GATUN_THE_DIVISOR(name) gatun_divisor{name, (unsigned) name##_factor, (unsigned) name##_shift}
#define GATUN_POOL_IMAGES int c, GATUN_DIVISOR(h), GATUN_DIVISOR(w), GATUN_DIVISOR(oh), GATUN_DIVISOR(ow)
#define GATUN_THE_IMAGES                                        \
    pool_images{GATUN_THE_DIVISOR(h), GATUN_THE_DIVISOR(w), c}, \
        pool_images{GATUN_THE_DIVISOR(oh), GATUN_THE_DIVISOR(ow), c}

#define GATUN_POOL_WINDOWS \
    GATUN_POOL_IMAGES, int kh, GATUN_DIVISOR(sh), int ph, int pb, int kw, GATUN_DIVISOR(sw), int pw, int pr, int padded
#define GATUN_THE_WINDOWS                                                                                      \
    pool_problem<pool_axis>{GATUN_THE_IMAGES, pool_axis{(int) h, (int) oh, kh, GATUN_THE_DIVISOR(sh), ph, pb}, \
                            pool_axis{(int) w, (int) ow, kw, GATUN_THE_DIVISOR(sw), pw, pr}, padded}

#define GATUN_THE_ADAPTIVE_WINDOWS                                                                            \
    pool_problem<adaptive_axis>{GATUN_THE_IMAGES, adaptive_axis{GATUN_THE_DIVISOR(h), GATUN_THE_DIVISOR(oh)}, \
                                adaptive_axis{GATUN_THE_DIVISOR(w), GATUN_THE_DIVISOR(ow)}, 0}

#define GATUN_POOL_FAMILY(family, name, T, PARAMETERS, THE_POOL)                                \
    extern "C" __global__ void __launch_bounds__(256) gatun_##family##_max_##name(              \
        const T* src, T* dst, int* indices, long long pixels, PARAMETERS) {                     \
        max_forward(src, dst, indices, pixels, THE_POOL);                                       \
    }                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) gatun_##family##_max_backward_##name(     \
        const T* diffDst, const int* indices, T* diffSrc, long long pixels, PARAMETERS) {       \
        max_backward(diffDst, indices, diffSrc, pixels, THE_POOL);                              \
    }                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) gatun_##family##_average_window_##name(   \
        const T* src, T* dst, PARAMETERS) {                                                     \
        average_window(src, dst, THE_POOL);                                                     \
    }                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) gatun_##family##_average_backward_##name( \
        const T* diffDst, T* diffSrc, long long pixels, PARAMETERS) {                           \
        average_backward(diffDst, diffSrc, pixels, THE_POOL);                                   \
    }

#define GATUN_POOL(name, T)                                                      \
    extern "C" __global__ void __launch_bounds__(256) gatun_pool_average_##name( \
        const T* src, T* dst, long long pixels, GATUN_POOL_WINDOWS) {            \
        average_forward(src, dst, pixels, GATUN_THE_WINDOWS);                    \
    }                                                                            \
    GATUN_POOL_FAMILY(pool, name, T, GATUN_POOL_WINDOWS, GATUN_THE_WINDOWS)      \
    GATUN_POOL_FAMILY(adaptivepool, name, T, GATUN_POOL_IMAGES, GATUN_THE_ADAPTIVE_WINDOWS)
