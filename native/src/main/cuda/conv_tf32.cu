// Convolution of fp32 images and filters, rounded to TF32, with fp32 sums, as implicit GEMM on the tensor cores.
#include "conv_tensor.h"

CONV_TENSOR_KERNELS(float, GatunTf32, tf32, 128, 3, 1)
CONV_TENSOR_KERNELS(float, GatunTf32, tf32, 64, 4, 3)
