// Activations on their own, 8 bytes an element forward and 12 backward. An H200 moves those in the time of some 55 and 80
// instructions an element: memory bounds all but GELU and SiLU, which take about 70 with their division and two factors.
#pragma once

#include "gatun.h"

// Calls f with the kind as a constant: the branch is taken once a thread and not once an element.
template <int KIND>
struct gatun_constant {
    static constexpr int value = KIND;
};

template <typename F>
GATUN_FN void with_kind(int kind, F f) {
    switch (kind) {
        case GATUN_RELU:
            return f(gatun_constant<GATUN_RELU>());
        case GATUN_LEAKY_RELU:
            return f(gatun_constant<GATUN_LEAKY_RELU>());
        case GATUN_SIGMOID:
            return f(gatun_constant<GATUN_SIGMOID>());
        case GATUN_TANH:
            return f(gatun_constant<GATUN_TANH>());
        case GATUN_GELU:
            return f(gatun_constant<GATUN_GELU>());
        case GATUN_ELU:
            return f(gatun_constant<GATUN_ELU>());
        case GATUN_SILU:
            return f(gatun_constant<GATUN_SILU>());
        case GATUN_SOFTPLUS:
            return f(gatun_constant<GATUN_SOFTPLUS>());
        case GATUN_EXP:
            return f(gatun_constant<GATUN_EXP>());
        case GATUN_LOG:
            return f(gatun_constant<GATUN_LOG>());
        case GATUN_ABS:
            return f(gatun_constant<GATUN_ABS>());
        case GATUN_SQRT:
            return f(gatun_constant<GATUN_SQRT>());
        case GATUN_SQUARE:
            return f(gatun_constant<GATUN_SQUARE>());
        case GATUN_STEP:
            return f(gatun_constant<GATUN_STEP>());
        case GATUN_CLAMP:
            return f(gatun_constant<GATUN_CLAMP>());
        default:
            return f(gatun_constant<GATUN_IDENTITY>());
    }
}

// dst = f(src).
template <typename T>
GATUN_FN void activation(const T* src, T* dst, long long n, int kind, float alpha, float beta) {
    with_kind(kind, [=](auto k) {
        gatun_map(src, dst, n, [=](float x) { return gatun_activate(decltype(k)::value, alpha, beta, x); });
    });
}

// diffSrc = diffDst f'(saved).
template <typename T>
GATUN_FN void activation_backward(const T* saved, const T* diffDst, T* diffSrc, long long n, int kind, float alpha,
                                  float beta) {
    with_kind(kind, [=](auto k) {
        gatun_map(saved, diffDst, diffSrc, n,
                  [=](float x, float g) { return g * gatun_derivative(decltype(k)::value, alpha, beta, x); });
    });
}

#define GATUN_ACTIVATION(name, T)                                                                                     \
    extern "C" __global__ void gatun_activation_##name(const T* src, T* dst, long long n, int kind, float alpha,      \
                                                       float beta) {                                                  \
        activation(src, dst, n, kind, alpha, beta);                                                                   \
    }                                                                                                                 \
    extern "C" __global__ void gatun_activation_backward_##name(const T* saved, const T* diffDst, T* diffSrc,         \
                                                                long long n, int kind, float alpha, float beta) {     \
        activation_backward(saved, diffDst, diffSrc, n, kind, alpha, beta);                                           \
    }
