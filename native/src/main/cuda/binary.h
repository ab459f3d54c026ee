// a op b, b a matrix, a row, a column or one number: 12 bytes an element, or 8 where b is small enough to stay in a cache.
// Bound by memory; one operation an element, and for a row or a column a division of the index by multiplication.
#pragma once

#include "gatun.h"

// The ordinals of io.gatun.spec.BinarySpec.Op and Broadcast.
enum { ADD, SUB, MUL, DIV, MAX, MIN, SHARE };
enum { NONE, ROW, COLUMN, SCALAR };

template <int OP>
struct Operation {
    GATUN_METHOD float operator()(float a, float b) const {
        switch (OP) {
            case ADD:
                return a + b;
            case SUB:
                return a - b;
            case MUL:
                return a * b;
            case DIV:
                return a / b;
            case MAX:
                return gatun_max(a, b);
            case MIN:
                return gatun_min(a, b);
            default:
                return gatun_nan(a) || gatun_nan(b) ? a + b : a > b ? 1.0f : a == b ? 0.5f : 0.0f;
        }
    }
};

// b[row] or b[column]; four elements at once where they have one row, that is where cols is a multiple of 4.
template <bool BY_ROW, typename T, typename F>
GATUN_FN void broadcast(const T* __restrict__ a, const T* __restrict__ b, T* __restrict__ dst, long long n,
                        gatun_divisor cols, F f) {
    if (cols.divisor % 4 == 0 && gatun_wide(a, dst) && (!BY_ROW || gatun_wide(b))) {
        GATUN_FOR(i, n / 4) {
            long long row = gatun_quotient(4 * i, cols);
            gatun_f4 x = gatun_load4(a + 4 * i);
            gatun_f4 y;
            if (BY_ROW) {
                y = gatun_load4(b + (4 * i - row * cols.divisor));
            } else {
                float one = gatun_load(b + row);
                y = {one, one, one, one};
            }
            gatun_store4(dst + 4 * i, gatun_f4{f(x.x, y.x), f(x.y, y.y), f(x.z, y.z), f(x.w, y.w)});
        }
        return;
    }
    GATUN_FOR(i, n) {
        long long row = gatun_quotient(i, cols);
        gatun_store(dst + i, f(gatun_load(a + i), gatun_load(b + (BY_ROW ? i - row * cols.divisor : row))));
    }
}

template <int OP, typename T>
GATUN_FN void binary(const T* a, const T* b, T* dst, long long n, int how, gatun_divisor cols) {
    Operation<OP> f;
    switch (how) {
        case ROW:
            return broadcast<true>(a, b, dst, n, cols, f);
        case COLUMN:
            return broadcast<false>(a, b, dst, n, cols, f);
        case SCALAR: {
            float one = gatun_load(b);
            return gatun_map(a, dst, n, [=](float x) { return f(x, one); });
        }
        default:
            return gatun_map(a, b, dst, n, f);
    }
}

template <typename T>
GATUN_FN void binary(const T* a, const T* b, T* dst, long long n, int op, int how, gatun_divisor divisor) {
    switch (op) {
        case ADD:
            return binary<ADD>(a, b, dst, n, how, divisor);
        case SUB:
            return binary<SUB>(a, b, dst, n, how, divisor);
        case MUL:
            return binary<MUL>(a, b, dst, n, how, divisor);
        case DIV:
            return binary<DIV>(a, b, dst, n, how, divisor);
        case MAX:
            return binary<MAX>(a, b, dst, n, how, divisor);
        case MIN:
            return binary<MIN>(a, b, dst, n, how, divisor);
        default:
            return binary<SHARE>(a, b, dst, n, how, divisor);
    }
}

#define GATUN_BINARY(name, T)                                                                                         \
    extern "C" __global__ void gatun_binary_##name(const T* a, const T* b, T* dst, long long n, int op, int how,      \
                                                   long long cols, int factor, int shift) {                           \
        binary(a, b, dst, n, op, how, {cols, (unsigned) factor, (unsigned) shift});                                   \
    }
