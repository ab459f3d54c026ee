// Convolution of bf16 images and filters with fp32 sums, as implicit GEMM on the tensor cores. diffWeights are fp32.
#include "conv_tensor.h"

CONV_TENSOR_KERNELS(gatun_bf16, GatunBf16, bf16, 128, 3, 1)
CONV_TENSOR_KERNELS(gatun_bf16, GatunBf16, bf16, 64, 4, 3)
