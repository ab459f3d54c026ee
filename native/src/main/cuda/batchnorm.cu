// Batch normalization in float: see batchnorm.h.
#include "batchnorm.h"

GATUN_BATCHNORM(f32, float)

// table[what c + k] = mean(g), mean(g x^) invStd, which is what src - mean is multiplied by: x^ alone may overflow.
extern "C" __global__ void __launch_bounds__(256)
gatun_batchnorm_finalize_gradients_f32(const double* partials, const float* invStd, float* diffGamma, float* diffBeta,
                                       float* table, long long rows, int c, int bands) {
    __shared__ double shared[2 * 256];
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    double sums[2];
    gatun_sum_bands(partials, bands, c, k, sums, shared);
    if (threadIdx.y > 0 || k >= c) {
        return;
    }
    diffBeta[k] = (float) sums[0];
    diffGamma[k] = (float) sums[1];
    table[k] = (float) (sums[0] / (double) rows);
    table[c + k] = (float) (sums[1] / (double) rows * invStd[k]);
}
