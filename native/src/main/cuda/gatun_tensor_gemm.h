// The GEMM kernel on the tensor cores, for any type that GatunTensorTile knows.
#pragma once

#include "gatun_gemm.h"

template <class Tile, bool A_INNER, bool B_INNER, typename T>
GATUN_FN void gatun_gemm_tensor(const GatunGemm<T>& g) {
    GatunPlaceInC at = g.template place<Tile::SIDE>(blockIdx.x);
    float sum[Tile::MI][Tile::NI][4] = {};
    gatun_multiply_tensor<Tile, A_INNER, B_INNER>(
            sum, g.matrix_a(at.batch), g.matrix_b(at.batch), at.row, at.column, g.slice_begin(blockIdx.y),
            g.slice_end(blockIdx.y));
    gatun_store_tensor<Tile>(sum, at.row, at.column, g.out(gatun_anew(at.batch), blockIdx.y));
}

#define GATUN_TENSOR_GEMM(name, T, Math, SIDE, STAGES, BLOCKS, A_INNER, B_INNER)                                       \
    extern "C" __global__ void __launch_bounds__(2 * SIDE, BLOCKS) name(GATUN_GEMM_PARAMETERS(T)) {                    \
        gatun_gemm_tensor<GatunTensorTile<Math, SIDE, STAGES>, A_INNER, B_INNER>(GATUN_GEMM(T));                       \
    }
