// What pointwise.cu has in other storage too.
#pragma once

#include "gatun.h"

// y = alpha x + beta y, one rounding of beta y and one of the sum. 12 bytes an element, 8 where beta is 0 and y is not read.
template <typename T>
GATUN_FN void axpby(const T* x, T* y, long long n, float alpha, float beta) {
    if (beta == 0.0f) {
        gatun_map(x, y, n, [=](float a) { return alpha * a; });
    } else {
        gatun_update(x, y, n, [=](float a, float b) { return fmaf(alpha, a, beta * b); });
    }
}

// Inverted dropout: dst = src scale where the element's 16 random bits reach the threshold, else 0. 8 bytes an element; a
// thread makes two blocks of Philox, 8 numbers, for the 16 elements that they serve, four neighbours at each of four places:
// some 10 instructions an element. rng is {seed, step, stream}.
template <typename T>
GATUN_FN void dropout(const T* __restrict__ src, const long long* __restrict__ rng, T* __restrict__ dst, long long n,
                      int threshold, float scale) {
    long long seed = rng[0];
    int step = (int) rng[1];
    int stream = (int) rng[2];
    bool wide = gatun_wide(src, dst);
    GATUN_FOR(i, (n + 63) / 64 * 4) {
        gatun_random even = gatun_philox(seed, step, stream, 2 * i);
        gatun_random odd = gatun_philox(seed, step, stream, 2 * i + 1);
        long long first = i / 4 * 64 + i % 4 * 4;
        for (int quarter = 0; quarter < 4; quarter++) {
            long long at = first + quarter * 16;
            int word = quarter / 2 * 2;
            int shift = quarter % 2 * 16;
            bool kept[4] = {
                (int) (even.word[word] >> shift & 0xffffu) >= threshold,
                (int) (even.word[word + 1] >> shift & 0xffffu) >= threshold,
                (int) (odd.word[word] >> shift & 0xffffu) >= threshold,
                (int) (odd.word[word + 1] >> shift & 0xffffu) >= threshold,
            };
            if (wide && at + 4 <= n) {
                gatun_f4 x = gatun_load4(src + at);
                gatun_store4(dst + at, gatun_f4{kept[0] ? x.x * scale : 0.0f, kept[1] ? x.y * scale : 0.0f,
                                                kept[2] ? x.z * scale : 0.0f, kept[3] ? x.w * scale : 0.0f});
            } else {
                for (int k = 0; k < 4; k++) {
                    if (at + k < n) {
                        gatun_store(dst + at + k, kept[k] ? gatun_load(src + at + k) * scale : 0.0f);
                    }
                }
            }
        }
    }
}

#define GATUN_POINTWISE(name, T)                                                                                      \
    extern "C" __global__ void gatun_axpby_##name(const T* x, T* y, long long n, float alpha, float beta) {           \
        axpby(x, y, n, alpha, beta);                                                                                  \
    }                                                                                                                 \
    extern "C" __global__ void gatun_dropout_##name(const T* src, const long long* rng, T* dst, long long n,          \
                                                    int threshold, float scale) {                                     \
        dropout(src, rng, dst, n, threshold, scale);                                                                  \
    }
