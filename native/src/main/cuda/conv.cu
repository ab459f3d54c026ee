// Convolution of NHWC images with OHWI filters as implicit GEMM, in fp32.
//
// forward:           M = n oh ow, N = oc / groups, K = kh kw ic / groups; bias and activation at the end
// backward data:     M = n h w of one of sh sw phases, N = ic / groups, K = the phase's taps x oc / groups
// backward weights:  M = oc / groups, N = kh kw ic / groups, K = n oh ow, cut into splits whose sums go to scratch and are
//                    added in their order
//
//   tile     a thread  flops per byte of loads  registers (sm_80, sm_90)  shared   warps a multiprocessor
//   128x64    8 x 8     21.3                     156-165, 161-168          27 KB    12
//    64x64    8 x 4     16.0                     116-118, 118-121          18 KB    16
//   128x32    8 x 4     12.8                     118-124, 121-125          23 KB    16
//   128x16    4 x 4      7.1                      96-106, 96-107           21 KB    16
//
// No spills. The loads are from L1 and L2: taps read a pixel kh kw times, DRAM gives it once. At an H200's 67 TFLOP/s 128x64 asks
// L2 for 3.1 TB/s, so it is the multiply-adds that bound it, where K is long; the two narrow tiles are bound by loads, and
// are for layers of few channels, which memory bounds anyhow (16 -> 16 channels, 3x3: 36 flops a byte of DRAM, if all is read once).
// A step of 16 k costs a thread some 100 instructions of loaders besides 1,024 multiply-adds (8 x 8) and 64 loads of 16 bytes.
#include "gatun.h"

#include "conv_body.h"
#include "conv_tile.h"

// Tiles on the plain pipes. Loads of four elements where channels and addresses allow it, else of one.
template <int M_, int N_, int ROWS, int COLS>
struct conv_plain {
    enum { M = M_, N = N_, RUN = 4, TABLE = 1 };
    using Tile = conv_tile<M, N, ROWS, COLS>;

    // The tile's sums from `begin` to `end`, to `out` after each CONV_FOLD.
    template <class Product, class Out>
    static GATUN_METHOD void run(const Product& product, bool runs, int begin, int end, Out& out) {
        alignas(16) __shared__ float shared[Tile::SHARED];
        do {
            int stop = end - begin > CONV_FOLD ? begin + CONV_FOLD : end;
            float sum[ROWS][COLS];
#pragma unroll
            for (int i = 0; i < ROWS; i++) {
#pragma unroll
                for (int j = 0; j < COLS; j++) {
                    sum[i][j] = 0.0f;
                }
            }
            auto loop = [&](const auto& a, const auto& b) { conv_loop<Tile>(a, b, begin, stop, shared, sum); };
            if (runs) {
                product.template run<RUN>(loop);
            } else {
                product.template run<1>(loop);
            }
            out.last = stop == end;
            conv_store<Tile>(sum, out);
            out.first = false;
            begin = stop;
        } while (begin < end);
    }
};

#define CONV_GATHER_KERNELS(name, M, N, ROWS, COLS, BLOCKS)                                                                        \
    extern "C" __global__ void __launch_bounds__(CONV_THREADS, BLOCKS)                                                             \
        gatun_conv_forward_##name##_f32(const float* src, const float* weights, const float* bias, float* dst,            \
                                        CONV_SHAPE_PARAMETERS, int kind, float alpha, float beta) {                        \
        conv_gather<conv_plain<M, N, ROWS, COLS>, false>(src, weights, bias, dst, CONV_SHAPE, kind, alpha, beta);          \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(CONV_THREADS, BLOCKS) gatun_conv_data_##name##_f32(                               \
        const float* diff_dst, const float* weights, float* diff_src, CONV_SHAPE_PARAMETERS) {                             \
        conv_gather<conv_plain<M, N, ROWS, COLS>, true>(diff_dst, weights, nullptr, diff_src, CONV_SHAPE,   \
                                                        GATUN_IDENTITY, 0.0f, 0.0f);                                       \
    }

CONV_GATHER_KERNELS(128x64, 128, 64, 8, 8, 3)
CONV_GATHER_KERNELS(64x64, 64, 64, 8, 4, 4)
CONV_GATHER_KERNELS(128x32, 128, 32, 8, 4, 4)
CONV_GATHER_KERNELS(128x16, 128, 16, 4, 4, 4)

#define CONV_WEIGHTS_KERNEL(name, M, N, ROWS, COLS, BLOCKS)                                                                        \
    extern "C" __global__ void __launch_bounds__(CONV_THREADS, BLOCKS) gatun_conv_weights_##name##_f32(                            \
        const float* src, const float* diff_dst, float* sums, CONV_FILTER_PARAMETERS) {                                    \
        conv_weights<conv_plain<M, N, ROWS, COLS>>(src, diff_dst, sums, CONV_FILTER_SHAPE);                                \
    }

CONV_WEIGHTS_KERNEL(128x64, 128, 64, 8, 8, 3)
CONV_WEIGHTS_KERNEL(64x64, 64, 64, 8, 4, 4)
