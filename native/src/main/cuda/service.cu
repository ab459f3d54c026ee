// What a step needs besides its layers: counters, random places, running statistics, masks and places, powers and extremes. Few
// numbers, or losses and metrics that read theirs once. Where a sum of few numbers outlives the step it is taken in double, with
// the operations of the CPU's scalar kernels in their order.
#include "gatun_fault.h"

// hyper[1] = s min(1, norm / (s sqrt(sum_of_squares) + 1e-6)) for s = hyper[1], by one thread.
extern "C" __global__ void gatun_clip_norm_f32(const float* sum_of_squares, float* hyper, float norm) {
    float scale = hyper[1];
    float factor = norm / (scale * (float) sqrt((double) *sum_of_squares) + 1e-6f);
    hyper[1] = scale * gatun_min(1.0f, factor);
}

// dst = src^p in double. 8 bytes an element, and some hundred instructions in double.
extern "C" __global__ void gatun_power_f32(const float* src, float* dst, long long n, float exponent) {
    gatun_map(src, dst, n, [=](float x) { return (float) pow((double) x, (double) exponent); });
}

// diffSrc = diffDst p src^(p - 1).
extern "C" __global__ void gatun_power_backward_f32(const float* src, const float* diff_dst, float* diff_src,
                                                    long long n, float exponent) {
    double p = exponent;
    gatun_map(src, diff_dst, diff_src, n, [=](float x, float g) {
        double slope = p == 0.0 ? 0.0 : p * pow((double) x, p - 1.0);
        return (float) (g * slope);
    });
}

// Whether entry b at place j comes before entry a at place i: NaN first, then the more extreme, then the first.
GATUN_FN bool before(float a, int i, float b, int j, int largest) {
    if (gatun_nan(a) || gatun_nan(b)) {
        return gatun_nan(b) && (!gatun_nan(a) || j < i);
    }
    return largest ? b > a || (b == a && j < i) : b < a || (b == a && j < i);
}

// Along an axis whose entries lie `inner` apart: a thread for each result, neighbours of which read neighbours. 4 bytes for each
// entry of src.
extern "C" __global__ void gatun_extreme_columns_f32(const float* __restrict__ src, int* __restrict__ dst, long long results,
                                                     int n, long long inner, int largest, int in_all) {
    GATUN_FOR(i, results) {
        long long base = i / inner * n * inner + i % inner;
        int found = 0;
        float best = src[base];
        for (int k = 1; k < n; k++) {
            float x = src[base + k * inner];
            if (before(best, found, x, k, largest)) {
                best = x;
                found = k;
            }
        }
        dst[i] = in_all ? (int) (base + found * inner) : found;
    }
}

// Along the last axis: a warp for each result.
extern "C" __global__ void gatun_extreme_rows_f32(const float* __restrict__ src, int* __restrict__ dst, long long results,
                                                  int n, int largest, int in_all) {
    int lane = threadIdx.x % 32;
    for (long long row = gatun_thread() / 32; row < results; row += gatun_threads() / 32) {
        const float* entries = src + row * n;
        int found = lane < n ? lane : 0;
        float best = entries[found];
        for (long long k = lane + 32; k < n; k += 32) {
            float x = entries[k];
            if (before(best, found, x, (int) k, largest)) {
                best = x;
                found = (int) k;
            }
        }
        for (int distance = 16; distance > 0; distance /= 2) {
            float x = __shfl_xor_sync(0xffffffffu, best, distance);
            int k = __shfl_xor_sync(0xffffffffu, found, distance);
            if (before(best, found, x, k, largest)) {
                best = x;
                found = k;
            }
        }
        if (lane == 0) {
            dst[row] = in_all ? (int) (row * n + found) : found;
        }
    }
}

// rows[i] = i / k n + indices[i mod given]. 8 bytes an element. An index out of range is reported and counts as 0.
extern "C" __global__ void gatun_row_numbers(const int* __restrict__ indices, int* __restrict__ rows, long long count,
                                             long long given, int n, long long k, gatun_fault* fault, int code) {
    GATUN_FOR(i, count) {
        int index = indices[i % given];
        if (index < 0 || index >= n) {
            gatun_report(fault, code, i % given, index);
            index = 0;
        }
        rows[i] = (int) (i / k * n + index);
    }
}

// mask[b, key] = key < lengths[b] ? 0 : -Inf. 4 bytes an element. A length out of range is reported.
extern "C" __global__ void gatun_padding_mask_f32(const int* __restrict__ lengths, float* __restrict__ mask,
                                                  long long count, int keys, gatun_fault* fault, int code) {
    GATUN_FOR(i, count) {
        int length = lengths[i / keys];
        if (length < 1 || length > keys) {
            gatun_report(fault, code, i / keys, length);
        }
        mask[i] = i % keys < length ? 0.0f : gatun_float(0xff800000u);
    }
}

GATUN_FN float moved(float running, double momentum, double batch) {
    return (float) ((1.0 - momentum) * running + momentum * batch);
}

// Instance norm's running statistics: a thread for each channel goes through the samples. 8 bytes for each channel of each.
extern "C" __global__ void gatun_running_moments_f32(const float* __restrict__ mean, const float* __restrict__ inv_std,
                                                     float* running_mean, float* running_var, long long n, int c,
                                                     long long hw, float momentum, float eps) {
    double unbiased = (double) hw / ((double) hw - 1.0);
    GATUN_FOR(k, c) {
        double mean_sum = 0;
        double variance_sum = 0;
        for (long long i = k; i < n * c; i += c) {
            double s = inv_std[i];
            double variance = 1.0 / (s * s) - eps;
            mean_sum += mean[i] / (double) n;
            variance_sum += (variance < 0.0 ? 0.0 : variance) * unbiased / (double) n;
        }
        running_mean[k] = moved(running_mean[k], momentum, mean_sum);
        running_var[k] = moved(running_var[k], momentum, variance_sum);
    }
}

// y += (x - y) / samples, the number of them in memory. 12 bytes an element.
extern "C" __global__ void gatun_average_f32(const float* x, float* y, const long long* samples, long long n) {
    double weight = 1.0 / (double) *samples;
    gatun_update(x, y, n, [=](float a, float b) { return (float) (b + ((double) a - b) * weight); });
}

// dst = 1 / sqrt(variance + eps). 8 bytes an element.
extern "C" __global__ void gatun_inverse_deviation_f32(const float* variance, float* dst, long long n, float eps) {
    gatun_map(variance, dst, n, [=](float v) { return (float) (1.0 / sqrt((double) v + eps)); });
}
