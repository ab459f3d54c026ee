// GEMM of fp32 matrices on the tensor cores: both factors rounded to the ten fraction bits of TF32 (halves away from
// zero), products and sums in fp32. Only where -Dgatun.cuda.tf32=true asks for it: a sum is within 2^-10 of its
// terms' magnitudes instead of 2^-19. gatun_tile.h has the loop, its flops per byte and its banks.
//
// By ptxas 13.0 for sm_80 and sm_90, no spills: 128 nt 126 registers, 2 blocks a processor (25 % of its warps); 128 nn,
// tn, tt 154..190, one block (12.5 %); 64 110..122, 4 blocks (25 %). 32 and 16 flops a byte of global memory.
//
// The letters say how a and b are stored: n as m x k and k x n, t transposed.
#include "gatun_tensor_gemm.h"

// Along k the fragments come by ldmatrix; across k they are single loads, whose addresses take the registers that a
// second block of 128 would need.
#define KERNELS(letters, BLOCKS, A_INNER, B_INNER)                                                                     \
    GATUN_TENSOR_GEMM(gatun_gemm_128_##letters##_tf32, float, GatunTf32, 128, 3, BLOCKS, A_INNER, B_INNER)             \
    GATUN_TENSOR_GEMM(gatun_gemm_64_##letters##_tf32, float, GatunTf32, 64, 4, 4, A_INNER, B_INNER)

KERNELS(nn, 1, true, false)
KERNELS(nt, 2, true, true)
KERNELS(tn, 1, false, false)
KERNELS(tt, 1, false, true)
