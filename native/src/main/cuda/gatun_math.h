// Gatun's own exp, log, tanh, GELU and their relatives, and the activations made of them: the operations of
// io.gatun.reference.ScalarMath and SmoothUnits in their order, so that a GPU gives the bits of the CPU's kernels. Within 4 ulp over
// all floats, subnormal results included (tanh 2); NaN gives NaN. Only IEEE operations: nothing depends on CUDA's libm.
// About 16 instructions for exp, 25 and a division for sigmoid and tanh, 40 and a division for GELU.
#pragma once

#define GATUN_ROUND 0x1.8p23f
#define GATUN_LOG2_E 0x1.715476p0f
#define GATUN_LN2_HIGH 0x1.62e4p-1f
#define GATUN_LN2_LOW 0x1.7f7d1cp-20f

// x / ln 2 rounded to a whole number n, in the low bits.
GATUN_FN float gatun_shifted(float x) {
    return fmaf(x, GATUN_LOG2_E, GATUN_ROUND);
}

GATUN_FN int gatun_exponent(float shifted) {
    return (int) (gatun_bits(shifted) - gatun_bits(GATUN_ROUND));
}

GATUN_FN float gatun_power(int n) {
    return gatun_float((unsigned) (n + 127) << 23);
}

// v 2^n by two factors, so that a subnormal result is rounded once.
GATUN_FN float gatun_scale(float v, int n) {
    int half = n >> 1;
    return v * gatun_power(half) * gatun_power(n - half);
}

// e^r for |r| <= ln(2) / 2.
GATUN_FN float gatun_exp_polynomial(float r) {
    float q = fmaf(0x1.6be846p-10f, r, 0x1.123e90p-7f);
    q = fmaf(q, r, 0x1.5556b6p-5f);
    q = fmaf(q, r, 0x1.55548ap-3f);
    q = fmaf(q, r, 0x1.fffffep-2f);
    return fmaf(fmaf(q, r, 1.0f), r, 1.0f);
}

// e^x / 2^n.
GATUN_FN float gatun_exp_rest(float x, float shifted) {
    float n = shifted - GATUN_ROUND;
    return gatun_exp_polynomial(fmaf(n, -GATUN_LN2_LOW, fmaf(n, -GATUN_LN2_HIGH, x)));
}

// e^x.
GATUN_FN float gatun_exp(float x) {
    float bounded = gatun_max(gatun_min(x, 89.0f), -104.0f);
    float shifted = gatun_shifted(bounded);
    return gatun_scale(gatun_exp_rest(bounded, shifted), gatun_exponent(shifted));
}

// e^(x - max) for x <= max, with the rounding error of the difference put back: softmax far from the maximum.
GATUN_FN float gatun_exp_difference(float x, float max) {
    float d = x - max;
    float back = d - x;
    float rest = (x - (d - back)) - (max + back);
    float low = d < -104.0f ? 0.0f : rest;
    float bounded = gatun_max(gatun_min(d, 89.0f), -104.0f);
    float shifted = gatun_shifted(bounded);
    float n = shifted - GATUN_ROUND;
    float r = fmaf(n, -GATUN_LN2_LOW, fmaf(n, -GATUN_LN2_HIGH, bounded));
    return gatun_scale(gatun_exp_polynomial(r + low), gatun_exponent(shifted));
}

// e^r - 1 for the rest r of x behind the multiple of ln 2 that `shifted` holds.
GATUN_FN float gatun_expm1_polynomial(float x, float shifted) {
    float n = shifted - GATUN_ROUND;
    float r = fmaf(n, -GATUN_LN2_LOW, fmaf(n, -GATUN_LN2_HIGH, x));
    float q = fmaf(0x1.6bebcep-10f, r, 0x1.1228e6p-7f);
    q = fmaf(q, r, 0x1.555676p-5f);
    q = fmaf(q, r, 0x1.5554aep-3f);
    q = fmaf(q, r, 0x1.fffffep-2f);
    return fmaf(r * r, q, r);
}

// e^x - 1 for x <= 0; above 0 only e^0 - 1.
GATUN_FN float gatun_expm1(float x) {
    float bounded = gatun_max(gatun_min(x, 0.0f), -20.0f);
    float shifted = gatun_shifted(bounded);
    float m = gatun_expm1_polynomial(bounded, shifted);
    float s = gatun_power(gatun_exponent(shifted));
    return fmaf(m, s, s - 1.0f);
}

// ln x; -Inf at 0 and NaN below.
GATUN_FN float gatun_log(float x) {
    if (!(x > 0.0f) || x == gatun_float(0x7f800000u)) {
        return x == 0.0f ? gatun_float(0xff800000u) : x < 0.0f ? gatun_float(0x7fffffffu) : x;
    }
    bool subnormal = x < 0x1p-126f;
    int bits = (int) gatun_bits(subnormal ? x * 0x1p23f : x);
    int n = (bits - 0x3F3504F3) >> 23;
    float f = gatun_float((unsigned) bits - ((unsigned) n << 23)) - 1.0f;
    float e = (float) (subnormal ? n - 23 : n);
    float p = fmaf(0x1.14802cp-4f, f, -0x1.de8158p-4f);
    p = fmaf(p, f, 0x1.e70444p-4f);
    p = fmaf(p, f, -0x1.fc18c6p-4f);
    p = fmaf(p, f, 0x1.233590p-3f);
    p = fmaf(p, f, -0x1.555c7ap-3f);
    p = fmaf(p, f, 0x1.99a4ccp-3f);
    p = fmaf(p, f, -0x1.000006p-2f);
    p = fmaf(p, f, 0x1.555548p-2f);
    float square = f * f;
    float y = fmaf(-0.5f, square, fmaf(e, GATUN_LN2_LOW, square * f * p));
    return fmaf(e, GATUN_LN2_HIGH, f + y);
}

// ln(1 + y), from the logarithm of the rounded sum and what the rounding lost.
GATUN_FN float gatun_log1p(float y) {
    float u = 1.0f + y;
    float lost = u == gatun_float(0x7f800000u) ? 0.0f : y - (u - 1.0f);
    return gatun_log(u) + lost / gatun_max(u, 0x1p-126f);
}

// ln(1 + z) for z within 0 and 1.
GATUN_FN float gatun_log_of_one_and(float z) {
    float s = z / (z + 2.0f);
    float w = s * s;
    float p = fmaf(fmaf(fmaf(0x1.1ed7c4p-3f, w, 0x1.1ebd0cp-3f), w, 0x1.99d208p-3f), w, 0x1.555502p-2f);
    float t = s + s;
    return fmaf(t * w, p, t);
}

// 1 / (1 + e^-x), from e^-|x|.
GATUN_FN float gatun_sigmoid(float x) {
    float z = gatun_exp(-fabsf(x));
    return (x < 0.0f ? z : 1.0f) / (1.0f + z);
}

// tanh |x| = -E / (E + 2) with E = e^(-2|x|) - 1, and what E and E + 2 lose to rounding put back.
GATUN_FN float gatun_tanh(float x) {
    float bounded = gatun_max(-2.0f * fabsf(x), -20.0f);
    float shifted = gatun_shifted(bounded);
    float m = gatun_expm1_polynomial(bounded, shifted);
    float s = gatun_power(gatun_exponent(shifted));
    float base = s - 1.0f;
    float e = fmaf(m, s, base);
    float lost = fmaf(m, s, base - e);
    float d = e + 2.0f;
    float rest = (e - (d - 2.0f)) + lost;
    float inverse = 1.0f / d;
    float t = -e * inverse;
    float error = fmaf(-t, rest, fmaf(-t, d, -e) - lost);
    return copysignf(fmaf(error, inverse, t), x);
}

// exp(-x^2 / 2) without its factor 2^n.
GATUN_FN float gatun_gauss(float x, float shifted) {
    float square = x * x;
    float rest = fmaf(x, x, -square);
    float n = shifted - GATUN_ROUND;
    float r = fmaf(n, -GATUN_LN2_LOW, fmaf(n, -GATUN_LN2_HIGH, -0.5f * square));
    return gatun_exp_polynomial(fmaf(-0.5f, rest, r));
}

// Q(|x|) exp(x^2 / 2), Q the normal tail.
GATUN_FN float gatun_tail(float x) {
    float half = 0.5f * fabsf(x);
    float t = 1.0f / (1.0f + half);
    float rest = fmaf(-t, half, 1.0f - t);
    float s = t - 0.625f;
    float p = fmaf(0x1.17a12cp-4f, s, 0x1.17e420p-6f);
    p = fmaf(p, s, -0x1.267c5ep-4f);
    p = fmaf(p, s, 0x1.299d82p-5f);
    p = fmaf(p, s, 0x1.73657cp-6f);
    p = fmaf(p, s, -0x1.1fb0aap-4f);
    p = fmaf(p, s, 0x1.b8ebcep-5f);
    p = fmaf(p, s, 0x1.80f8d8p-5f);
    p = fmaf(p, s, -0x1.13bf48p-3f);
    p = fmaf(p, s, 0x1.0732f8p-8f);
    p = fmaf(p, s, 0x1.5b24eap-2f);
    float value = t * fmaf(p, s, 0x1.835296p-2f);
    return fmaf(value, rest, value);
}

GATUN_FN float gatun_gelu(float x) {
    float bounded = gatun_max(gatun_min(x, 15.0f), -15.0f);
    float shifted = fmaf(bounded * bounded, -0.5f * GATUN_LOG2_E, GATUN_ROUND);
    float w = gatun_scale(gatun_tail(bounded) * bounded * gatun_gauss(bounded, shifted), gatun_exponent(shifted));
    return x < 0.0f ? w : x - w;
}

GATUN_FN float gatun_gelu_derivative(float x) {
    float bounded = gatun_max(gatun_min(x, 15.0f), -15.0f);
    float shifted = fmaf(bounded * bounded, -0.5f * GATUN_LOG2_E, GATUN_ROUND);
    float density = gatun_scale(gatun_gauss(bounded, shifted), gatun_exponent(shifted));
    float below = gatun_tail(bounded) * density;
    return fmaf(bounded * density, 0x1.988454p-2f, x < 0.0f ? below : 1.0f - below);
}

GATUN_FN float gatun_silu(float x) {
    float bounded = gatun_max(-fabsf(x), -112.0f);
    float shifted = gatun_shifted(bounded);
    int n = gatun_exponent(shifted);
    float m = gatun_exp_rest(bounded, shifted);
    float z = gatun_scale(m, n);
    float q = (x < 0.0f ? bounded * m : x) / (1.0f + z);
    return x < 0.0f ? gatun_scale(q, n) : q;
}

GATUN_FN float gatun_silu_derivative(float x) {
    float bounded = gatun_max(-fabsf(x), -112.0f);
    float shifted = gatun_shifted(bounded);
    int n = gatun_exponent(shifted);
    float m = gatun_exp_rest(bounded, shifted);
    float z = gatun_scale(m, n);
    float inverse = 1.0f / (1.0f + z);
    float other = x < 0.0f ? inverse : z * inverse;
    float c = fmaf(x < 0.0f ? bounded : -bounded, other, 1.0f);
    float d = (x < 0.0f ? m * inverse : inverse) * c;
    return x < 0.0f ? gatun_scale(d, n) : d;
}

GATUN_FN float gatun_softplus(float x) {
    return gatun_max(x, 0.0f) + gatun_log_of_one_and(gatun_exp(-fabsf(x)));
}

// 1 above 0, `below` elsewhere, NaN for NaN.
GATUN_FN float gatun_slope(float x, float below) {
    return gatun_nan(x) ? x : x > 0.0f ? 1.0f : below;
}

// The ordinals of io.gatun.spec.Activation.Kind.
enum gatun_kind {
    GATUN_IDENTITY,
    GATUN_RELU,
    GATUN_LEAKY_RELU,
    GATUN_SIGMOID,
    GATUN_TANH,
    GATUN_GELU,
    GATUN_ELU,
    GATUN_SILU,
    GATUN_SOFTPLUS,
    GATUN_EXP,
    GATUN_LOG,
    GATUN_ABS,
    GATUN_SQRT,
    GATUN_SQUARE,
    GATUN_STEP,
    GATUN_CLAMP
};

// f(x). With a constant kind the switch is gone; with one from the host it is a uniform branch.
GATUN_FN float gatun_activate(int kind, float alpha, float beta, float x) {
    switch (kind) {
        case GATUN_RELU:
            return gatun_max(x, 0.0f);
        case GATUN_LEAKY_RELU:
            return x > 0.0f ? x : alpha * x;
        case GATUN_SIGMOID:
            return gatun_sigmoid(x);
        case GATUN_TANH:
            return gatun_tanh(x);
        case GATUN_GELU:
            return gatun_gelu(x);
        case GATUN_ELU:
            return x > 0.0f ? x : alpha * gatun_expm1(x);
        case GATUN_SILU:
            return gatun_silu(x);
        case GATUN_SOFTPLUS:
            return gatun_softplus(x);
        case GATUN_EXP:
            return gatun_exp(x);
        case GATUN_LOG:
            return gatun_log(x);
        case GATUN_ABS:
            return fabsf(x);
        case GATUN_SQRT:
            return sqrtf(x);
        case GATUN_SQUARE:
            return x * x;
        case GATUN_STEP:
            return gatun_nan(x) ? x : x >= 0.0f ? 1.0f : 0.0f;
        case GATUN_CLAMP:
            return gatun_min(gatun_max(x, alpha), beta);
        default:
            return x;
    }
}

// f'(x), given f(x) for RELU, SIGMOID, TANH, EXP and SQRT, and x for the others.
GATUN_FN float gatun_derivative(int kind, float alpha, float beta, float saved) {
    switch (kind) {
        case GATUN_RELU:
            return gatun_slope(saved, 0.0f);
        case GATUN_LEAKY_RELU:
            return gatun_slope(saved, alpha);
        case GATUN_SIGMOID:
            return saved * (1.0f - saved);
        case GATUN_TANH:
            return fmaf(-saved, saved, 1.0f);
        case GATUN_GELU:
            return gatun_gelu_derivative(saved);
        case GATUN_ELU:
            return saved > 0.0f ? 1.0f : alpha * gatun_exp(gatun_min(saved, 0.0f));
        case GATUN_SILU:
            return gatun_silu_derivative(saved);
        case GATUN_SOFTPLUS:
            return gatun_sigmoid(saved);
        case GATUN_EXP:
            return saved;
        case GATUN_LOG:
            return 1.0f / saved;
        case GATUN_ABS:
            return saved < 0.0f ? -1.0f : gatun_slope(saved, saved);
        case GATUN_SQRT:
            return 0.5f / saved;
        case GATUN_SQUARE:
            return saved + saved;
        case GATUN_STEP:
            return gatun_nan(saved) ? saved : 0.0f;
        case GATUN_CLAMP:
            return gatun_nan(saved) ? saved : saved == gatun_min(gatun_max(saved, alpha), beta) ? 1.0f : 0.0f;
        default:
            return 1.0f;
    }
}
