// What the implicit GEMMs have in common, whatever multiplies: which part of the problem a block has, and its two factors.
//
// An Engine has M and N, the tile; RUN, the elements of a load; TABLE, whether it
// wants its pixels in shared memory; and run(product, runs, begin, end, out), which gives `out` the sums of the tile.
// product.run<RUN>(loop) calls loop(a, b) with the loaders of both factors. `runs`: channels and addresses allow RUN, 16 bytes, at once.
#pragma once

#include "conv_loaders.h"
#include "conv_out.h"

// Pixels under taps times filters.
template <bool BACKWARD, bool TABLE, typename T>
struct conv_image_product {
    const T* in;
    const T* weights;  // the group's first filter forward, the group's first of kc backward
    const conv_shape& s;
    const conv_part& part;
    const conv_pixel* table;
    int first_n, depth;

    template <int RUN, class Loop>
    GATUN_METHOD void run(const Loop& loop) const {
        conv_divisor by_taps = part.column.taps == (int) s.by_few.divisor ? s.by_few : s.by_many;
        conv_pixels<T, RUN, TABLE> a = {in, s, part, table, depth, by_taps};
        if constexpr (BACKWARD) {
            loop(a, conv_taps<T, RUN>{weights + first_n, s, part, s.nc - first_n, depth, by_taps});
        } else {
            loop(a, conv_filters<T, RUN>{weights + (long long) first_n * depth, s.nc - first_n, depth});
        }
    }
};

// diffDst, transposed, times pixels under taps.
template <typename T>
struct conv_filter_product {
    const T* src;   // the group's first channel
    const T* diff;  // the group's first filter
    const conv_filter_shape& s;
    int first_m, first_n, rows, width, end;

    template <int RUN, class Loop>
    GATUN_METHOD void run(const Loop& loop) const {
        loop(conv_diffs<T, RUN>{diff + first_m, rows - first_m, end, s.oc},
             conv_columns<T, RUN>{src, s, first_n, width - first_n, end});
    }
};

template <class Engine, bool BACKWARD, typename T>
GATUN_FN void conv_gather(const T* in, const T* weights, const float* bias, T* out, const conv_shape& s, int kind, float alpha,
                          float beta) {
    // The grid, from the fastest: tiles of channels, tiles of pixels, phases, groups. So blocks that run at the same time read
    // the same pixels, and the filters lie in L2.
    conv_part part;
    part.pixels = s.images * (int) (s.by_h.divisor * s.by_w.divisor);
    int block = (int) blockIdx.x;
    int tiles_n = (s.nc + Engine::N - 1) / Engine::N;
    int first_n = block % tiles_n * Engine::N;
    block /= tiles_n;
    int tiles_m = (part.pixels + Engine::M - 1) / Engine::M;
    part.first = block % tiles_m * Engine::M;
    block /= tiles_m;
    int phases = BACKWARD ? s.phases_y() * s.phases_x() : 1;
    part.group = block / phases;
    part.template set_phase<BACKWARD>(s, block % phases);
    const conv_pixel* table = nullptr;
    if constexpr (Engine::TABLE) {
        alignas(16) __shared__ conv_pixel pixels[Engine::M];
        for (int i = (int) threadIdx.x; i < Engine::M; i += (int) blockDim.x) {
            pixels[i] = part.pixel(s, i);
        }
        __syncthreads();
        table = pixels;
    }

    bool wide = s.nc % 4 == 0 && s.out_c % 4 == 0 && gatun_wide(out);
    const float* group_bias = bias == nullptr ? nullptr : bias + (long long) part.group * s.nc;
    conv_image_out<T> to = {out, group_bias, s, part, first_n, wide, kind, alpha, beta, true, true};
    int depth = part.row.taps * part.column.taps * s.kc;
    long long filters = (long long) part.group * s.kh * s.kw * s.kc * s.nc;
    bool runs = s.kc % Engine::RUN == 0 && (!BACKWARD || s.nc % Engine::RUN == 0) && gatun_wide16(in, weights);
    conv_image_product<BACKWARD, Engine::TABLE, T> product = {in, weights + filters, s, part, table, first_n, depth};
    Engine::run(product, runs, 0, depth, to);
}

// The grid, from the fastest: tiles of (tap, channel), tiles of filters, groups, splits of `length` pixels. `sums` has the
// diffWeights of each split, or is diffWeights where there is one.
template <class Engine, typename T>
GATUN_FN void conv_weights(const T* src, const T* diff, float* sums, const conv_filter_shape& s) {
    int icg = (int) s.by_ic.divisor;
    int ocg = s.oc / s.groups;
    int width = s.kh * (int) s.by_kw.divisor * icg;
    int block = (int) blockIdx.x;
    int tiles_n = (width + Engine::N - 1) / Engine::N;
    int first_n = block % tiles_n * Engine::N;
    block /= tiles_n;
    int tiles_m = (ocg + Engine::M - 1) / Engine::M;
    int first_m = block % tiles_m * Engine::M;
    block /= tiles_m;
    int group = block % s.groups;
    int split = block / s.groups;
    int begin = split * s.length;
    int end = s.pixels - begin > s.length ? begin + s.length : s.pixels;

    float* to = sums + ((long long) split * s.oc + (long long) group * ocg) * width;
    conv_filter_out out = {to, first_m, first_n, ocg, width, width % 4 == 0 && gatun_wide(sums), true, true};
    bool runs = icg % Engine::RUN == 0 && ocg % Engine::RUN == 0 && gatun_wide16(src, diff);
    const T* pixels = src + (long long) group * icg;
    conv_filter_product<T> product = {pixels, diff + (long long) group * ocg, s, first_m, first_n, ocg, width, end};
    Engine::run(product, runs, begin, end, out);
}
