// What is no matrix product worth the name: convolutions of few channels a group, depthwise above all, and the bias's gradient.
//
// A depthwise 3x3 has 18 flops for 8 bytes of pixels read and written, 2.3 a byte: memory bounds it (an H200 has 14 fp32 flops
// a byte). So what counts is that pixels come from DRAM once: a warp has 32 neighbouring channels, 128 bytes of a pixel, and
// the other taps find them in L1. Four pixels at a time share a tap's weights, which lie in shared memory tap after tap:
// 36 loads of L1 and 9 of shared memory for 1 KB of DRAM at 3x3. 72 to 91 registers, 32 KB of shared memory: 3 blocks or 2 of
// 256 threads; the sums over pixels 32 to 45 registers. No spills.
#include "gatun.h"

#include "conv_loaders.h"

#define CONV_DIRECT_THREADS 256
#define CONV_WARPS (CONV_DIRECT_THREADS / 32)
#define CONV_DIRECT_DEPTH 256  // taps x channels of a group: 32 KB of shared memory
#define CONV_STRIP 128         // pixels of a block
#define CONV_TAPS 8            // columns of a filter at a time

// Forward and backward data. The grid, from the fastest: 32 channels of `out`, strips of pixels, phases.
template <bool BACKWARD, typename T>
GATUN_FN void conv_direct(const T* in, const T* weights, const float* bias, T* out, const conv_shape& s, int kind,
                          float alpha, float beta) {
    __shared__ float filter[CONV_DIRECT_DEPTH * 32];
    int lane = (int) threadIdx.x % 32;
    int warp = (int) threadIdx.x / 32;
    int chunks = (s.out_c + 31) / 32;
    int channel = (int) blockIdx.x % chunks * 32 + lane;
    bool live = channel < s.out_c;
    int group = channel / s.nc;
    conv_part part;
    part.group = 0;
    part.pixels = s.images * (int) (s.by_h.divisor * s.by_w.divisor);
    int block = (int) blockIdx.x / chunks;
    int strips = (part.pixels + CONV_STRIP - 1) / CONV_STRIP;
    part.first = block % strips * CONV_STRIP;
    part.set_phase<BACKWARD>(s, block / strips);
    int taps = part.column.taps;
    int depth = part.row.taps * taps * s.kc;
    for (int k = warp; k < depth; k += CONV_WARPS) {
        int tap = k / s.kc;
        int c = k - tap * s.kc;
        int i = part.row.tap + tap / taps * part.row.tap_stride;
        int j = part.column.tap + tap % taps * part.column.tap_stride;
        int at = BACKWARD ? (((group * s.kc + c) * s.kh + i) * s.kw + j) * s.nc + channel % s.nc
                          : ((channel * s.kh + i) * s.kw + j) * s.kc + c;
        filter[k * 32 + lane] = live ? gatun_load(weights + at) : 0.0f;
    }
    __syncthreads();
    if (!live) {
        return;
    }
    const T* from = in + group * s.kc;
    float start = bias != nullptr ? bias[channel] : 0.0f;
#pragma unroll 1
    for (int quad = 4 * warp; quad < CONV_STRIP; quad += 4 * CONV_WARPS) {
        conv_pixel p[4];
        float sum[4];
#pragma unroll
        for (int e = 0; e < 4; e++) {
            p[e] = part.pixel(s, quad + e);
            sum[e] = start;
        }
        const float* w = filter + lane;
        for (int a = 0; a < part.row.taps; a++) {
            int dy = a * part.row.tap_step;
            for (int b = 0; b < taps; b++) {
                int dx = b * part.column.tap_step;
                int shift = (int) (((unsigned) dy * (unsigned) s.in_w + (unsigned) dx) * (unsigned) s.in_c);
                for (int c = 0; c < s.kc; c++, w += 32) {
#pragma unroll
                    for (int e = 0; e < 4; e++) {
                        if ((unsigned) (p[e].y + dy) < (unsigned) s.in_h && (unsigned) (p[e].x + dx) < (unsigned) s.in_w) {
                            sum[e] = fmaf(gatun_load(from + p[e].base + shift + c), *w, sum[e]);
                        }
                    }
                }
            }
        }
#pragma unroll 1
        for (int e = 0; e < 4; e++) {
            long long place = part.place(s, quad + e);
            if (place >= 0) {
                gatun_store(out + place + channel, gatun_activate(kind, alpha, beta, sum[0]));
            }
            sum[0] = sum[1];
            sum[1] = sum[2];
            sum[2] = sum[3];
        }
    }
}

// Sums of N values over the block's warps, in the warps' order: warp n has the n-th's.
template <int N>
GATUN_FN float conv_over_warps(const float (&values)[N]) {
    __shared__ float shared[CONV_WARPS][N][32];
    int lane = (int) threadIdx.x % 32;
    int warp = (int) threadIdx.x / 32;
#pragma unroll
    for (int i = 0; i < N; i++) {
        shared[warp][i][lane] = values[i];
    }
    __syncthreads();
    float sum = 0.0f;
    for (int i = 0; warp < N && i < CONV_WARPS; i++) {
        sum += shared[i][warp][lane];
    }
    return sum;
}

// Backward weights. Each block: 32 filters, one row of them, one channel of the group, 8 columns, one split of the pixels, of
// which its warps take every eighth. Reads diffDst and src kh times, from L2 but for the first.
// The grid, from the fastest: 32 filters, channels, columns, rows, splits of `length` pixels.
template <typename T>
GATUN_FN void conv_direct_weights(const T* src, const T* diff, float* sums, const conv_filter_shape& s) {
    int icg = (int) s.by_ic.divisor;
    int kw = (int) s.by_kw.divisor;
    int lane = (int) threadIdx.x % 32;
    int warp = (int) threadIdx.x / 32;
    int block = (int) blockIdx.x;
    int chunks = (s.oc + 31) / 32;
    int o = block % chunks * 32 + lane;
    block /= chunks;
    int c = block % icg;
    block /= icg;
    int steps = (kw + CONV_TAPS - 1) / CONV_TAPS;
    int column = block % steps * CONV_TAPS;
    block /= steps;
    int row = block % s.kh;
    int split = block / s.kh;
    int begin = split * s.length;
    int end = s.pixels - begin > s.length ? begin + s.length : s.pixels;
    int channel = o / (s.oc / s.groups) * icg + c;

    float sum[CONV_TAPS];
#pragma unroll
    for (int j = 0; j < CONV_TAPS; j++) {
        sum[j] = 0.0f;
    }
    for (int p = begin + warp; p < end && o < s.oc; p += CONV_WARPS) {
        unsigned line = conv_over((unsigned) p, s.by_ow);
        unsigned image = conv_over(line, s.by_oh);
        int y = (int) (line - image * s.by_oh.divisor) * s.sh - s.ph + row * s.dh;
        int x = (int) ((unsigned) p - line * s.by_ow.divisor) * s.sw - s.pw + column * s.dw;
        if ((unsigned) y < (unsigned) s.h) {
            float d = gatun_load(diff + (long long) p * s.oc + o);
            const T* from = src + ((long long) image * s.h + y) * s.w * s.ic + channel;
#pragma unroll
            for (int j = 0; j < CONV_TAPS; j++) {
                if (column + j < kw && (unsigned) (x + j * s.dw) < (unsigned) s.w) {
                    sum[j] = fmaf(gatun_load(from + (x + j * s.dw) * s.ic), d, sum[j]);
                }
            }
        }
    }
    float total = conv_over_warps(sum);
    if (column + warp < kw && o < s.oc) {
        sums[(((long long) split * s.oc + o) * s.kh + row) * kw * icg + (column + warp) * icg + c] = total;
    }
}

// The sums of diffDst's channels over the pixels: 4 bytes an element, once. The grid, from the fastest: 32 channels, splits of
// `length` pixels.
template <typename T>
GATUN_FN void conv_bias(const T* diff, float* sums, int oc, int pixels, int length) {
    int chunks = (oc + 31) / 32;
    int o = (int) blockIdx.x % chunks * 32 + (int) threadIdx.x % 32;
    int split = (int) blockIdx.x / chunks;
    int begin = split * length;
    int end = pixels - begin > length ? begin + length : pixels;
    float sum[1] = {0.0f};
#pragma unroll 4
    for (int p = begin + (int) threadIdx.x / 32; p < end; p += CONV_WARPS) {
        sum[0] += o < oc ? gatun_load(diff + (long long) p * oc + o) : 0.0f;
    }
    float total = conv_over_warps(sum);
    if (threadIdx.x < 32 && o < oc) {
        sums[(long long) split * oc + o] = total;
    }
}

#define CONV_DIRECT_KERNELS(T, type)                                                                                       \
    extern "C" __global__ void __launch_bounds__(CONV_DIRECT_THREADS, 2)                                                   \
        gatun_conv_direct_forward_##type(const T* src, const T* weights, const float* bias, T* dst,                        \
                                         CONV_SHAPE_PARAMETERS, int kind, float alpha, float beta) {                       \
        conv_direct<false>(src, weights, bias, dst, CONV_SHAPE, kind, alpha, beta);                                        \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(CONV_DIRECT_THREADS, 2)                                                   \
        gatun_conv_direct_data_##type(const T* diff_dst, const T* weights, T* diff_src, CONV_SHAPE_PARAMETERS) {           \
        conv_direct<true>(diff_dst, weights, nullptr, diff_src, CONV_SHAPE, GATUN_IDENTITY, 0.0f, 0.0f);                   \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(CONV_DIRECT_THREADS, 4)                                                   \
        gatun_conv_direct_weights_##type(const T* src, const T* diff_dst, float* sums, CONV_FILTER_PARAMETERS) {           \
        conv_direct_weights(src, diff_dst, sums, CONV_FILTER_SHAPE);                                                       \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(CONV_DIRECT_THREADS)                                                      \
        gatun_conv_bias_##type(const T* diff_dst, float* sums, int oc, int pixels, int length) {                           \
        conv_bias(diff_dst, sums, oc, pixels, length);                                                                     \
    }

CONV_DIRECT_KERNELS(float, f32)
CONV_DIRECT_KERNELS(gatun_bf16, bf16)
CONV_DIRECT_KERNELS(gatun_f16, f16)

// sum[i] = the parts' element i, added in their order: 4 (parts + 1) bytes an element, of L2 where parts are many.
extern "C" __global__ void gatun_conv_sum_f32(const float* parts, float* sum, long long count, int n) {
    GATUN_FOR(i, count) {
        float total = parts[i];
        for (int part = 1; part < n; part++) {
            total += parts[part * count + i];
        }
        sum[i] = total;
    }
}
