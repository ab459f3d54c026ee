// Convolution of binary16 images and filters with fp32 sums, as implicit GEMM on the tensor cores. diffWeights are fp32.
#include "conv_tensor.h"

CONV_TENSOR_KERNELS(gatun_f16, GatunF16, f16, 128, 3, 1)
CONV_TENSOR_KERNELS(gatun_f16, GatunF16, f16, 64, 4, 3)
