// SGD, Adam and AdamW, AdaGrad and RMSProp, each one launch over the flat buffers of all parameters. A block takes 1024
// elements, a thread four neighbours by 16-byte loads where every buffer is aligned to 16. Nothing but traffic counts:
// bytes an element read + written are SGD 8 + 4, with momentum 12 + 8, Adam 16 + 12, AMSGrad 20 + 16, AdaGrad 12 + 8,
// RMSProp 12 + 8 and 4 + 4 more for each of its mean and its momentum, at 10 to 20 flops and one root and one division.
// Plain products and sums in the reference's order, IEEE roots and divisions: its bits.
#include "gatun.h"

namespace {

constexpr int PER_BLOCK = 1024;
constexpr int THREADS = PER_BLOCK / 4;

// What all rules begin with: gradScale * grad within the clip, and the decay of the first elements.
struct Decay {
    long long decayed;
    float amount;
    float clip;

    GATUN_METHOD bool covers(long long i) const { return amount != 0 && i < decayed; }

    // As max(min(g, clip), -clip) with NaN kept.
    GATUN_METHOD float clipped(float g) const { return g > clip ? clip : g < -clip ? -clip : g; }
};

template <int N>
GATUN_FN void load(float (&to)[N], const float* from, long long i) {
    if constexpr (N == 4) {
        gatun_f4 four = gatun_load4(from + i);
        to[0] = four.x;
        to[1] = four.y;
        to[2] = four.z;
        to[3] = four.w;
    } else {
        to[0] = from[i];
    }
}

template <int N>
GATUN_FN void store(float* to, long long i, const float (&from)[N]) {
    if constexpr (N == 4) {
        gatun_store4(to + i, gatun_f4{from[0], from[1], from[2], from[3]});
    } else {
        to[i] = from[0];
    }
}

// Calls rule.update<4> for whole quadruples of this thread, rule.update<1> for what is left.
template <class Rule>
GATUN_FN void sweep(const Rule &rule, long long count, bool wide) {
    long long base = (long long) blockIdx.x * PER_BLOCK;
    if (wide) {
        long long i = base + 4 * threadIdx.x;
        if (i + 4 <= count) {
            rule.template update<4>(i);
        } else {
            for (; i < count; i++) {
                rule.template update<1>(i);
            }
        }
        return;
    }
    for (int k = 0; k < 4; k++) {
        long long i = base + k * THREADS + threadIdx.x;
        if (i < count) {
            rule.template update<1>(i);
        }
    }
}

struct Sgd {
    float* params;
    const float* grads;
    // Null without momentum.
    float* buffer;
    Decay decay;
    float momentum, fresh;
    bool nesterov, first;
    float lr, scale;

    template <int N>
    GATUN_METHOD void update(long long i) const {
        float p[N], g[N], b[N] = {};
        load(p, params, i);
        load(g, grads, i);
        if (buffer) {
            load(b, buffer, i);
        }
        for (int k = 0; k < N; k++) {
            float d = decay.clipped(scale * g[k]);
            d = decay.covers(i + k) ? d + decay.amount * p[k] : d;
            if (buffer) {
                b[k] = first ? d : momentum * b[k] + fresh * d;
                d = nesterov ? d + momentum * b[k] : b[k];
            }
            p[k] = p[k] - lr * d;
        }
        store(params, i, p);
        if (buffer) {
            store(buffer, i, b);
        }
    }
};

struct Adam {
    float* params;
    const float* grads;
    float* m;
    float* v;
    // Null unless AMSGrad.
    float* largest;
    Decay decay;
    bool decoupled;
    float beta1, fresh1, beta2, fresh2, eps;
    float lr, scale, step, rootScale;

    template <int N>
    GATUN_METHOD void update(long long i) const {
        float p[N], g[N], first[N], second[N], most[N] = {};
        load(p, params, i);
        load(g, grads, i);
        load(first, m, i);
        load(second, v, i);
        if (largest) {
            load(most, largest, i);
        }
        float shrink = lr * decay.amount;
        for (int k = 0; k < N; k++) {
            float d = decay.clipped(scale * g[k]);
            if (decay.covers(i + k)) {
                p[k] = decoupled ? (shrink != 0 ? p[k] - shrink * p[k] : p[k]) : p[k];
                d = decoupled ? d : d + decay.amount * p[k];
            }
            first[k] = beta1 * first[k] + fresh1 * d;
            second[k] = beta2 * second[k] + fresh2 * d * d;
            most[k] = largest ? gatun_max(most[k], second[k]) : second[k];
            p[k] = p[k] - step * first[k] / (sqrtf(most[k]) * rootScale + eps);
        }
        store(params, i, p);
        store(m, i, first);
        store(v, i, second);
        if (largest) {
            store(largest, i, most);
        }
    }
};

struct Adagrad {
    float* params;
    const float* grads;
    float* squares;
    Decay decay;
    float eps, lr, scale;

    template <int N>
    GATUN_METHOD void update(long long i) const {
        float p[N], g[N], sum[N];
        load(p, params, i);
        load(g, grads, i);
        load(sum, squares, i);
        for (int k = 0; k < N; k++) {
            float d = decay.clipped(scale * g[k]);
            d = decay.covers(i + k) ? d + decay.amount * p[k] : d;
            sum[k] = sum[k] + d * d;
            p[k] = p[k] - lr * d / (sqrtf(sum[k]) + eps);
        }
        store(params, i, p);
        store(squares, i, sum);
    }
};

struct RmsProp {
    float* params;
    const float* grads;
    float* squares;
    // Null unless centered, and without momentum.
    float* means;
    float* buffer;
    Decay decay;
    float alpha, fresh, eps, momentum;
    bool inside;
    float lr, scale;

    template <int N>
    GATUN_METHOD void update(long long i) const {
        float p[N], g[N], square[N], mean[N] = {}, moved[N] = {};
        load(p, params, i);
        load(g, grads, i);
        load(square, squares, i);
        if (means) {
            load(mean, means, i);
        }
        if (buffer) {
            load(moved, buffer, i);
        }
        for (int k = 0; k < N; k++) {
            float d = decay.clipped(scale * g[k]);
            d = decay.covers(i + k) ? d + decay.amount * p[k] : d;
            square[k] = alpha * square[k] + fresh * d * d;
            float s = square[k];
            if (means) {
                mean[k] = alpha * mean[k] + fresh * d;
                s = gatun_max(s - mean[k] * mean[k], 0.f);
            }
            d = d / (inside ? sqrtf(s + eps) : sqrtf(s) + eps);
            if (buffer) {
                d = moved[k] = momentum * moved[k] + d;
            }
            p[k] = p[k] - lr * d;
        }
        store(params, i, p);
        store(squares, i, square);
        if (means) {
            store(means, i, mean);
        }
        if (buffer) {
            store(buffer, i, moved);
        }
    }
};

} // namespace

// hyper: lr, gradScale, whether it is the first step. buffer is null without momentum.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_sgd_f32(float* params, const float* grads, float* buffer, const float* hyper, long long count, long long decayed,
              float decay, float clip, float momentum, float fresh, int nesterov) {
    Sgd rule = {params, grads, buffer, {decayed, decay, clip}, momentum, fresh, nesterov != 0, hyper[2] != 0,
                hyper[0], hyper[1]};
    sweep(rule, count, gatun_wide(params, grads, buffer));
}

// hyper: lr, gradScale, lr / c1, 1 / sqrt(c2). largest is null unless AMSGrad.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_adam_f32(float* params, const float* grads, float* m, float* v, float* largest, const float* hyper,
               long long count, long long decayed, float decay, float clip, int decoupled, float beta1, float fresh1,
               float beta2, float fresh2, float eps) {
    Adam rule = {params, grads, m, v, largest, {decayed, decay, clip}, decoupled != 0, beta1, fresh1, beta2, fresh2,
                 eps, hyper[0], hyper[1], hyper[2], hyper[3]};
    sweep(rule, count, gatun_wide(params, grads, m, v, largest));
}

// hyper: lr, gradScale.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_adagrad_f32(float* params, const float* grads, float* squares, const float* hyper, long long count,
                  long long decayed, float decay, float clip, float eps) {
    Adagrad rule = {params, grads, squares, {decayed, decay, clip}, eps, hyper[0], hyper[1]};
    sweep(rule, count, gatun_wide(params, grads, squares));
}

// hyper: lr, gradScale. means is null unless centered, buffer without momentum.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_rmsprop_f32(float* params, const float* grads, float* squares, float* means, float* buffer, const float* hyper,
                  long long count, long long decayed, float decay, float clip, float alpha, float fresh, float eps,
                  float momentum, int inside) {
    RmsProp rule = {params, grads, squares, means, buffer, {decayed, decay, clip}, alpha, fresh, eps, momentum,
                    inside != 0, hyper[0], hyper[1]};
    sweep(rule, count,
          gatun_wide(params, grads, squares, means, buffer));
}
