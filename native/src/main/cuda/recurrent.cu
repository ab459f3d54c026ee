// Recurrent layers in float: see recurrent.h.
#include "recurrent.h"

GATUN_RECURRENT(f32, float)

// The second bias has the same gradient, or is null.
extern "C" __global__ void __launch_bounds__(256)
gatun_recurrent_bias_f32(const double* partials, float* diffBias, float* second, int c, int bands) {
    __shared__ double shared[256];
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    double sums[1];
    gatun_sum_bands(partials, bands, c, k, sums, shared);
    if (threadIdx.y == 0 && k < c) {
        diffBias[k] = (float) sums[0];
        if (second) {
            second[k] = (float) sums[0];
        }
    }
}
