#include "prelu.h"

GATUN_PRELU(f32, float)

// diffSlope[col] = the sum of sums[pieces][cols] over the pieces, a warp a column.
extern "C" __global__ void gatun_prelu_slopes_f32(const double* __restrict__ sums, float* __restrict__ diff_slope,
                                                  int pieces, int cols) {
    long long col = gatun_thread() / 32;
    if (col >= cols) {
        return;
    }
    double sum = 0;
    for (int piece = threadIdx.x % 32; piece < pieces; piece += 32) {
        sum += sums[(long long) piece * cols + col];
    }
    sum = gatun_warp_sum(sum);
    if (threadIdx.x % 32 == 0) {
        diff_slope[col] = (float) sum;
    }
}
