// GEMM of bf16 matrices on the tensor cores: exact products, sums in fp32, alpha, bias (fp32), beta and the
// activation in fp32, one rounding at the store, or none where c is wide. gatun_tile.h has the loop, its flops per
// byte and its banks; gemm_tf32.cu explains the letters.
//
// By ptxas 13.0 for sm_80 and sm_90: 128 124..128 registers, 48 KB, 2 blocks a processor; 64 108..116 registers, 32
// KB, 4 blocks: 25 % of its warps either way, no spills. 64 and 32 flops a byte of global memory; an H100 has some
// 230 for each of HBM and a third of that of L2, so tiles of 128 are bound by L2 unless blocks share what they read:
// see GatunGemm::place.
#include "gatun_tensor_gemm.h"

#define KERNELS(letters, A_INNER, B_INNER)                                                                             \
    GATUN_TENSOR_GEMM(gatun_gemm_128_##letters##_bf16, gatun_bf16, GatunBf16, 128, 3, 2, A_INNER, B_INNER)             \
    GATUN_TENSOR_GEMM(gatun_gemm_64_##letters##_bf16, gatun_bf16, GatunBf16, 64, 4, 4, A_INNER, B_INNER)

KERNELS(nn, true, false)
KERNELS(nt, true, true)
KERNELS(tn, false, false)
KERNELS(tt, false, true)

extern "C" __global__ void gatun_gemm_sum_bf16(GATUN_GEMM_PARAMETERS(gatun_bf16)) {
    gatun_gemm_sum(GATUN_GEMM(gatun_bf16));
}
