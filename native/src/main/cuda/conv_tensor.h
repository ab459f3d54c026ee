// The implicit GEMMs on the tensor cores: GEMM's tile loop (gatun_tile.h), fed by the convolution's loaders.
//
//   tile  flops per byte of loads, bf16 (TF32)  registers, bf16 (TF32), sm_80 and sm_90  shared  warps a multiprocessor
//    128   64 (32)                               155-166 (137-160)                        48 KB    8
//     64   32 (16)                               105-116 (106-116)                        32 KB   12 to 16
//
// No spills. In bf16 memory bounds a 1x1 of 256 -> 64 channels (51 flops a byte of DRAM; an H200 has some 165 of the tensor
// cores), the tensor cores a 3x3 of as many. A stage costs a thread four copies of 16 bytes, each some 15 instructions that say
// where the run is; where channels are no multiple of a run (the first layer) a copy is 8 such searches and loads of 2 bytes.
#pragma once

#include "gatun_tile.h"

#include "conv_body.h"

// A loader as that loop wants it: a cursor walks along k and copies a run to shared memory, 16 bytes under way at once where
// channels and addresses allow it, else element by element.
template <class Loader>
struct conv_source {
    using T = typename Loader::Element;
    const Loader& loader;
    bool runs;

    struct Cursor {
        Loader loader;
        typename Loader::Line line;
        int outer;
        int k;
        bool runs;

        GATUN_METHOD void copy(void* shared) {
            if (runs) {
                if constexpr (Loader::ALONG_K) {
                    loader.fix(k);
                }
                const T* from = find();
                gatun_async_copy16(shared, from != nullptr ? from : loader.base, from != nullptr ? 16 : 0);
                return;
            }
            T* to = (T*) shared;
#pragma unroll 1
            for (int e = 0; e < Loader::RUN; e++) {
                loader.fix(Loader::ALONG_K ? k + e : outer + e);
                const T* from = find();
                to[e] = from != nullptr ? *from : T{};
            }
        }

        GATUN_METHOD void advance(int step) {
            k += step;
        }

      private:
        GATUN_METHOD const T* find() const {
            if constexpr (Loader::ALONG_K) {
                return loader.find(line);
            } else {
                return loader.find(k);
            }
        }
    };

    GATUN_METHOD Cursor cursor(int outer, int k) const {
        Cursor c = {loader, {}, outer, k, runs};
        if constexpr (Loader::ALONG_K) {
            c.line = loader.line(outer);
        } else {
            c.loader.fix(outer);
        }
        return c;
    }
};

template <class Math, int SIDE, int STAGES>
struct conv_tensor {
    using Tile = GatunTensorTile<Math, SIDE, STAGES>;
    enum { M = SIDE, N = SIDE, RUN = Tile::RUN, TABLE = 0 };

    template <class Product, class Out>
    static GATUN_METHOD void run(const Product& product, bool runs, int begin, int end, Out& out) {
        float sum[Tile::MI][Tile::NI][4] = {};
        product.template run<RUN>([&](const auto& a, const auto& b) { multiply(a, b, runs, begin, end, sum); });
        gatun_store_tensor<Tile>(sum, 0, 0, out);
    }

  private:
    template <class A, class B>
    static GATUN_METHOD void multiply(const A& a, const B& b, bool runs, int begin, int end,
                                      float (&sum)[Tile::MI][Tile::NI][4]) {
        gatun_multiply_tensor<Tile, A::ALONG_K != 0, B::ALONG_K != 0>(
            sum, conv_source<A>{a, runs}, conv_source<B>{b, runs}, 0, 0, begin, end);
    }
};

// The kernels of a type: forward, data and weights, with `side` in their names.
#define CONV_TENSOR_KERNELS(T, Math, type, SIDE, STAGES, BLOCKS)                                                           \
    extern "C" __global__ void __launch_bounds__(2 * SIDE, BLOCKS)                                                         \
        gatun_conv_forward_##SIDE##_##type(const T* src, const T* weights, const float* bias, T* dst,                      \
                                           CONV_SHAPE_PARAMETERS, int kind, float alpha, float beta) {                     \
        conv_gather<conv_tensor<Math, SIDE, STAGES>, false>(src, weights, bias, dst, CONV_SHAPE, kind, alpha, beta);       \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(2 * SIDE, BLOCKS)                                                         \
        gatun_conv_data_##SIDE##_##type(const T* diff_dst, const T* weights, T* diff_src, CONV_SHAPE_PARAMETERS) {         \
        conv_gather<conv_tensor<Math, SIDE, STAGES>, true>(diff_dst, weights, nullptr, diff_src, CONV_SHAPE,               \
                                                           GATUN_IDENTITY, 0.0f, 0.0f);                                    \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(2 * SIDE, BLOCKS) gatun_conv_weights_##SIDE##_##type(                     \
        const T* src, const T* diff_dst, float* sums, CONV_FILTER_PARAMETERS) {                                            \
        conv_weights<conv_tensor<Math, SIDE, STAGES>>(src, diff_dst, sums, CONV_FILTER_SHAPE);                             \
    }
