// Small functions of one element of each input, bound by memory: 4 bytes for each float read or written, 16 at a time where
// the addresses allow.
#include "pointwise.h"

GATUN_POINTWISE(f32, float)

// y += weight (x - y), the weight in memory. 12 bytes an element.
extern "C" __global__ void gatun_lerp_f32(const float* x, float* y, const float* weight, long long n) {
    float w = *weight;
    gatun_update(x, y, n, [=](float a, float b) { return b + w * (a - b); });
}

// dst = mask != 0 ? a : b, either of them one number for all. 16 bytes an element, or less.
extern "C" __global__ void gatun_where_f32(const float* mask, const float* a, const float* b, float* dst, long long n,
                                           int one_a, int one_b) {
    if (one_a && one_b) {
        float x = *a;
        float y = *b;
        gatun_map(mask, dst, n, [=](float m) { return m != 0.0f ? x : y; });
    } else if (one_a) {
        float x = *a;
        gatun_map(mask, b, dst, n, [=](float m, float y) { return m != 0.0f ? x : y; });
    } else if (one_b) {
        float y = *b;
        gatun_map(mask, a, dst, n, [=](float m, float x) { return m != 0.0f ? x : y; });
    } else {
        gatun_map(mask, a, b, dst, n, [=](float m, float x, float y) { return m != 0.0f ? x : y; });
    }
}

// To another type in memory: 6 bytes an element, 4 between those of 16 bits.
extern "C" __global__ void gatun_cast_f32_bf16(const float* src, gatun_bf16* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}

extern "C" __global__ void gatun_cast_bf16_f32(const gatun_bf16* src, float* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}

extern "C" __global__ void gatun_cast_f32_f16(const float* src, gatun_f16* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}

extern "C" __global__ void gatun_cast_f16_f32(const gatun_f16* src, float* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}

extern "C" __global__ void gatun_cast_bf16_f16(const gatun_bf16* src, gatun_f16* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}

extern "C" __global__ void gatun_cast_f16_bf16(const gatun_f16* src, gatun_bf16* dst, long long n) {
    gatun_map(src, dst, n, [](float x) { return x; });
}
