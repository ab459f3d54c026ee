// Strided copies and permutations of axes: dst[sum i_k dst_k] = (or +=) src[sum i_k src_k] over all indices i. Bound by
// memory, 8 bytes an element (12 adding), if neighbours in dst are neighbours in src too, or go through a tile.
//
// Axes come from the innermost of dst (axis 0) outwards, those merged that are one, eight at most: a size with its divisor, and
// two strides in elements.
#pragma once

#include "gatun.h"

struct Axis {
    gatun_divisor size;
    long long src, dst;
};

#define AXIS(k) long long size##k, int factor##k, int shift##k, long long src##k, long long dst##k
#define AXES AXIS(0), AXIS(1), AXIS(2), AXIS(3), AXIS(4), AXIS(5), AXIS(6), AXIS(7)
#define THE(k) {{size##k, (unsigned) factor##k, (unsigned) shift##k}, src##k, dst##k}
#define THEM {THE(0), THE(1), THE(2), THE(3), THE(4), THE(5), THE(6), THE(7)}

// The places of index i of the axes from `first` on. Unrolled, so that the axes stay in the constant bank.
GATUN_FN void place(const Axis (&axes)[8], int first, int rank, long long i, long long& from, long long& to) {
#pragma unroll
    for (int k = 0; k < 8; k++) {
        if (k >= first && k < rank) {
            long long outer = k + 1 < rank ? gatun_quotient(i, axes[k].size) : 0;
            long long at = i - outer * axes[k].size.divisor;
            from += at * axes[k].src;
            to += at * axes[k].dst;
            i = outer;
        }
    }
}

// Element after element of dst, or four of them: `four` says that sizes and strides allow it, which is that axis 0 has strides
// of 1 and everything else is a multiple of 4.
template <typename T>
GATUN_FN void copy(const T* __restrict__ src, T* __restrict__ dst, long long n, int add, int four, int rank,
                   const Axis (&axes)[8]) {
    if (four && gatun_wide(src, dst)) {
        GATUN_FOR(i, n / 4) {
            long long from = 0;
            long long to = 0;
            place(axes, 0, rank, 4 * i, from, to);
            gatun_f4 x = gatun_load4(src + from);
            if (add) {
                gatun_f4 y = gatun_load4((const T*) dst + to);
                x = {y.x + x.x, y.y + x.y, y.z + x.z, y.w + x.w};
            }
            gatun_store4(dst + to, x);
        }
        return;
    }
    GATUN_FOR(i, n) {
        long long from = 0;
        long long to = 0;
        place(axes, 0, rank, i, from, to);
        float x = gatun_load(src + from);
        gatun_store(dst + to, add ? gatun_load(dst + to) + x : x);
    }
}

// Where axis 1 is the innermost of src: blocks of 32 x 32 are read along axis 1 and written along axis 0, through shared memory whose
// rows have 33 words, so that a column of it lies in 32 banks. A block of threads is 32 x 8. Blocks are numbered along axis 0 first,
// then axis 1, then the others.
template <typename T>
GATUN_FN void transpose(const T* __restrict__ src, T* __restrict__ dst, int add, gatun_divisor tiles0,
                        gatun_divisor tiles1, int rank, const Axis (&axes)[8], float (&tile)[32][33]) {
    long long block = blockIdx.x;
    long long row = gatun_quotient(block, tiles0);
    long long first0 = 32 * (block - row * tiles0.divisor);
    long long rest = gatun_quotient(row, tiles1);
    long long first1 = 32 * (row - rest * tiles1.divisor);
    long long from = 0;
    long long to = 0;
    place(axes, 2, rank, rest, from, to);
    int lane = threadIdx.x % 32;
    int group = threadIdx.x / 32;
    for (int k = group; k < 32; k += 8) {
        if (first0 + k < axes[0].size.divisor && first1 + lane < axes[1].size.divisor) {
            tile[k][lane] = gatun_load(src + from + (first0 + k) * axes[0].src + (first1 + lane) * axes[1].src);
        }
    }
    __syncthreads();
    for (int k = group; k < 32; k += 8) {
        if (first0 + lane < axes[0].size.divisor && first1 + k < axes[1].size.divisor) {
            T* at = dst + to + (first0 + lane) * axes[0].dst + (first1 + k) * axes[1].dst;
            gatun_store(at, add ? gatun_load(at) + tile[lane][k] : tile[lane][k]);
        }
    }
}

#define GATUN_COPY(name, T)                                                                                           \
    extern "C" __global__ void gatun_copy_##name(const T* src, T* dst, long long n, int add, int four, int rank,      \
                                                 AXES) {                                                              \
        const Axis axes[8] = THEM;                                                                                    \
        copy(src, dst, n, add, four, rank, axes);                                                                     \
    }                                                                                                                 \
    extern "C" __global__ void __launch_bounds__(256)                                                                 \
        gatun_transpose_##name(const T* src, T* dst, int add, long long tiles0, int tiles_factor0, int tiles_shift0,  \
                               long long tiles1, int tiles_factor1, int tiles_shift1, int rank, AXES) {               \
        __shared__ float tile[32][33];                                                                                \
        const Axis axes[8] = THEM;                                                                                    \
        transpose(src, dst, add, {tiles0, (unsigned) tiles_factor0, (unsigned) tiles_shift0},                         \
                  {tiles1, (unsigned) tiles_factor1, (unsigned) tiles_shift1}, rank, axes, tile);                     \
    }
