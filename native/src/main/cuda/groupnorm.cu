// Group normalization in float, and the sums that are in float for all storages: see groupnorm.h.
#include "groupnorm.h"

GATUN_GROUPNORM(f32, float)

// The gradients of gamma and beta from the sums of all bands of all samples. Blocks of 8 channels.
extern "C" __global__ void __launch_bounds__(256)
gatun_groupnorm_affine_f32(const double* partials, float* diffGamma, float* diffBeta, int c, long long bands) {
    __shared__ double shared[2 * 256];
    int k = blockIdx.x * blockDim.x + threadIdx.x;
    double sums[2];
    gatun_sum_bands(partials, bands, c, k, sums, shared);
    if (threadIdx.y == 0 && k < c) {
        diffBeta[k] = (float) sums[0];
        diffGamma[k] = (float) sums[1];
    }
}

// A warp adds up the bands of the channels of a group: table[what statistics + statistic] = mean(gamma g), mean(gamma g x^).
extern "C" __global__ void __launch_bounds__(256)
gatun_groupnorm_finalize_gradients_f32(const double* partials, const float* gamma, float* table, long long statistics,
                                       long long hw, int c, int groups, int bands) {
    long long statistic = ((long long) blockIdx.x * blockDim.x + threadIdx.x) / 32;
    if (statistic >= statistics) {
        return;
    }
    int lane = threadIdx.x % 32;
    int width = c / groups;
    long long sample = statistic / groups;
    int from = (int) (statistic % groups) * width;
    double sum = 0.0;
    double product = 0.0;
    for (long long i = lane; i < (long long) bands * width; i += 32) {
        long long band = i / width;
        int k = from + (int) (i - band * width);
        const double* partial = partials + (sample * bands + band) * 2 * c + k;
        double factor = gamma ? (double) gamma[k] : 1.0;
        sum += factor * partial[0];
        product += factor * partial[c];
    }
    sum = gatun_warp_sum(sum);
    product = gatun_warp_sum(product);
    if (lane == 0) {
        double count = (double) hw * width;
        table[statistic] = (float) (sum / count);
        table[statistics + statistic] = (float) (product / count);
    }
}
