// What the kernels over rows share: who has a row, how it comes into registers, and its maximum and sum of exponentials.
#pragma once

constexpr int GATUN_ROW_THREADS = 256;
constexpr int GATUN_ROW_LONG_THREADS = 512;
// Numbers of a row that a thread holds at once in the loops over long rows.
constexpr int GATUN_ROW_LONG = 8;

GATUN_FN float gatun_minus_infinity() {
    return gatun_float(0xff800000u);
}

// The lanes of a warp that have a row together; all of the warp must take part.
struct gatun_lanes {
    int lanes, lane;

    template <typename Fold>
    GATUN_METHOD float fold(float x, Fold by) const {
        for (int half = lanes / 2; half > 0; half /= 2) {
            x = by(x, __shfl_xor_sync(0xffffffffu, x, half));
        }
        return x;
    }

    GATUN_METHOD float max(float x) const {
        return fold(x, gatun_larger());
    }

    GATUN_METHOD float sum(float x) const {
        return fold(x, gatun_add());
    }

    GATUN_METHOD void sum3(float& a, float& b, float& c) const {
        a = sum(a);
        b = sum(b);
        c = sum(c);
    }
};

// A block that has a row; `shared` has 96 floats.
struct gatun_team {
    int lanes, lane;
    float* shared;

    GATUN_METHOD float max(float x) const {
        return gatun_block_max(x, shared);
    }

    GATUN_METHOD float sum(float x) const {
        return gatun_block_sum(x, shared);
    }

    GATUN_METHOD void sum3(float& a, float& b, float& c) const {
        gatun_block_sum3(a, b, c, shared);
    }
};

// Which column stands in a thread's k-th place: neighbours in fours, so that they can be moved at once.
template <int N>
GATUN_FN int gatun_column(int lane, int lanes, int k) {
    return N == 1 ? lane : 4 * (lane + k / 4 * lanes) + k % 4;
}

// A thread's share of the row from `src` on, `none` behind its end. The same numbers whether `wide` or not.
template <int N, typename T>
GATUN_FN void gatun_take(float (&x)[N], const T* src, int cols, int lane, int lanes, bool wide, float none) {
    if (N % 4 == 0 && wide) {
        for (int k = 0; k < N; k += 4) {
            int c = gatun_column<N>(lane, lanes, k);
            gatun_f4 v = c < cols ? gatun_load4(src + c) : gatun_f4{none, none, none, none};
            x[k] = v.x;
            x[k + 1 < N ? k + 1 : 0] = v.y;
            x[k + 2 < N ? k + 2 : 0] = v.z;
            x[k + 3 < N ? k + 3 : 0] = v.w;
        }
        return;
    }
    for (int k = 0; k < N; k++) {
        int c = gatun_column<N>(lane, lanes, k);
        x[k] = c < cols ? gatun_load(src + c) : none;
    }
}

template <int N, typename T>
GATUN_FN void gatun_give(T* dst, const float (&x)[N], int cols, int lane, int lanes, bool wide) {
    if (N % 4 == 0 && wide) {
        for (int k = 0; k < N; k += 4) {
            int c = gatun_column<N>(lane, lanes, k);
            if (c < cols) {
                gatun_store4(dst + c, gatun_f4{x[k], x[k + 1 < N ? k + 1 : 0], x[k + 2 < N ? k + 2 : 0],
                                               x[k + 3 < N ? k + 3 : 0]});
            }
        }
        return;
    }
    for (int k = 0; k < N; k++) {
        int c = gatun_column<N>(lane, lanes, k);
        if (c < cols) {
            gatun_store(dst + c, x[k]);
        }
    }
}

// In four chains, which are short.
template <int N>
GATUN_FN float gatun_total(const float (&x)[N]) {
    float chains[4] = {};
    for (int k = 0; k < N; k++) {
        chains[k % 4] += x[k];
    }
    return (chains[0] + chains[1]) + (chains[2] + chains[3]);
}

template <int N>
GATUN_FN float gatun_largest(const float (&x)[N]) {
    float max = x[0];
    for (int k = 1; k < N; k++) {
        max = gatun_max(max, x[k]);
    }
    return max;
}

// e^(x - max), 0 behind the end of the row, and their sum.
template <int N>
GATUN_FN float gatun_exponentials(float (&e)[N], const float (&x)[N], float max, int cols, int lane, int lanes) {
    for (int k = 0; k < N; k++) {
        e[k] = gatun_column<N>(lane, lanes, k) < cols ? gatun_exp_difference(x[k], max) : 0.0f;
    }
    return gatun_total(e);
}

// A running maximum of what was seen and the sum of e^(x - maximum): a larger one scales the sum down.
struct gatun_running {
    float max = gatun_minus_infinity();
    float sum = 0;

    template <int N>
    GATUN_METHOD void add(const float (&x)[N]) {
        float next = gatun_max(max, gatun_largest(x));
        if (next == gatun_minus_infinity()) {
            return;
        }
        float e[N];
        for (int k = 0; k < N; k++) {
            e[k] = gatun_exp_difference(x[k], next);
        }
        sum = (next == max ? sum : sum * gatun_exp_difference(max, next)) + gatun_total(e);
        max = next;
    }

    // That of the whole block; with nothing but -Inf the sum is 0.
    GATUN_METHOD void join(const gatun_team& block) {
        float all = block.max(max);
        float share = max == gatun_minus_infinity() ? 0.0f : sum * gatun_exp_difference(max, all);
        sum = block.sum(share);
        max = all;
    }
};
