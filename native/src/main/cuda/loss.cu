// Losses of elements with their gradients, and penalties of weights. 8 bytes an element read and 4 written for a gradient (12 and
// 4 for a penalty), with 1 to some 150 flops: memory bound but for the focal loss, which takes three exponentials and four
// logarithms. Terms are added as io.gatun.reference.BlockSum does, 1024 elements in float in 16 running sums, and blocks in
// double in their order, 16 to a piece: a loss has the bits of the CPU's. Two launches, one where each element keeps its loss.
#include "gatun.h"

namespace {

constexpr int BLOCK = 1024;
constexpr int THREADS = BLOCK / 4;
constexpr int WAYS = 16;

// The ordinals of io.gatun.spec.LossSpec.Kind.
enum Kind {
    MSE,
    L1,
    SMOOTH_L1,
    HUBER,
    QUANTILE,
    MSLE,
    BCE,
    BCE_WITH_LOGITS,
    FOCAL,
    SOFT_MARGIN,
    HINGE,
    POISSON_NLL,
    POISSON_NLL_RATE,
    KL_DIV,
    KL_DIV_LOG
};

// a b, and 0 where a is 0 and b infinite.
GATUN_FN float times(float a, float b) {
    return a == 0.0f && b == b ? 0.0f : a * b;
}

GATUN_FN float sign(float e) {
    return e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e;
}

// ln(1 + e^x) and ln(1 + e^-x).
GATUN_FN float above(float x) {
    return gatun_softplus(x);
}

GATUN_FN float below(float x) {
    return gatun_softplus(-x);
}

GATUN_FN float bounded(float log) {
    return gatun_max(log, -100.0f);
}

// The focal loss's factors: of the class, and of the probability of being wrong, which is no subnormal number.
GATUN_FN float share(float alpha, float t) {
    return alpha == -1.0f ? 1.0f : alpha * t + (1.0f - alpha) * (1.0f - t);
}

GATUN_FN float miss(float x, float t) {
    return gatun_max(gatun_sigmoid(x) * (1.0f - t) + gatun_sigmoid(-x) * t, 0x1p-126f);
}

GATUN_FN float power(float gamma, float x, float t) {
    return gatun_exp(gamma * gatun_log(miss(x, t)));
}

// io.gatun.reference.ScalarLoss: the loss of one element, w being the weight of a positive target.
GATUN_FN float term(int kind, float a, float b, float x, float t, float w) {
    float e = x - t;
    switch (kind) {
        case MSE:
            return e * e;
        case L1:
            return fabsf(e);
        case SMOOTH_L1:
            return fabsf(e) < a ? 0.5f * e * (e / a) : fabsf(e) - 0.5f * a;
        case HUBER:
            return fabsf(e) <= a ? 0.5f * e * e : a * (fabsf(e) - 0.5f * a);
        case QUANTILE:
            return e < 0.0f ? -a * e : (1.0f - a) * e;
        case MSLE: {
            float d = gatun_log1p(x) - gatun_log1p(t);
            return d * d;
        }
        case BCE:
            return (t - 1.0f) * bounded(gatun_log1p(-x)) - t * bounded(gatun_log(x));
        case BCE_WITH_LOGITS:
            return times(w * t, below(x)) + times(1.0f - t, above(x));
        case FOCAL:
            return share(b, t) * power(a, x, t) * (times(t, below(x)) + times(1.0f - t, above(x)));
        case SOFT_MARGIN:
            return below(t * x);
        case HINGE:
            return gatun_max(a - t * x, 0.0f);
        case POISSON_NLL:
            return gatun_exp(x) - times(t, x);
        case POISSON_NLL_RATE:
            return x - times(t, gatun_log(x + a));
        case KL_DIV:
            return t == 0.0f && x == x ? 0.0f : t * (gatun_log(t) - x);
        default:
            return t == gatun_float(0xff800000u) && x == x ? 0.0f : gatun_exp(t) * (t - x);
    }
}

// l = a m^gamma c: l' = a m^gamma (gamma m'/m c + c').
GATUN_FN float focal_slope(float gamma, float alpha, float x, float t) {
    float p = gatun_sigmoid(x);
    float q = gatun_sigmoid(-x);
    float c = times(t, below(x)) + times(1.0f - t, above(x));
    float relative = p * q * (1.0f - 2.0f * t) / miss(x, t);
    float inner = times(gamma * relative, c) + ((1.0f - t) * p - t * q);
    return share(alpha, t) * power(gamma, x, t) * inner;
}

// The derivative of the term by x, times `scale`, which comes before what may overflow without it.
GATUN_FN float slope(int kind, float a, float b, float x, float t, float w, float scale) {
    float e = x - t;
    switch (kind) {
        case MSE:
            return e * (2.0f * scale);
        case L1:
            return sign(e) * scale;
        case SMOOTH_L1:
            return (fabsf(e) < a ? e / a : sign(e)) * scale;
        case HUBER:
            return (e > a ? a : e < -a ? -a : e) * scale;
        case QUANTILE:
            return (e < 0.0f ? -a : e > 0.0f ? 1.0f - a : e + (0.5f - a)) * scale;
        case MSLE:
            return 2.0f * (gatun_log1p(x) - gatun_log1p(t)) / (1.0f + x) * scale;
        case BCE:
            return e / (gatun_max(x * (1.0f - x), 1e-12f) / scale);
        case BCE_WITH_LOGITS:
            return (1.0f - t) * scale * gatun_sigmoid(x) - w * (t * scale) * gatun_sigmoid(-x);
        case FOCAL:
            return focal_slope(a, b, x, t) * scale;
        case SOFT_MARGIN:
            return -t * gatun_sigmoid(-(t * x)) * scale;
        case HINGE: {
            float m = a - t * x;
            return (m > 0.0f ? -t : m == m ? 0.0f : m) * scale;
        }
        case POISSON_NLL:
            return gatun_exp(x) * scale - t * scale;
        case POISSON_NLL_RATE:
            return scale - t * scale / (x + a);
        case KL_DIV:
            return -t * scale;
        default:
            return -gatun_exp(t) * scale;
    }
}

// Of n values in shared memory, by the first warp; the sum is lane 0's. All threads take part in the barrier.
GATUN_FN float block_sum(const float* values, int n) {
    __syncthreads();
    if (threadIdx.x >= 32) {
        return 0.0f;
    }
    int way = threadIdx.x;
    int whole = n - n % WAYS;
    int groups = whole - whole % (4 * WAYS);
    float sum = 0.0f;
    if (way < WAYS) {
        for (int at = way; at < groups; at += 4 * WAYS) {
            sum += values[at] + values[at + WAYS] + (values[at + 2 * WAYS] + values[at + 3 * WAYS]);
        }
        for (int at = groups + way; at < whole; at += WAYS) {
            sum += values[at];
        }
    }
    for (int half = WAYS / 2; half > 0; half /= 2) {
        sum += __shfl_down_sync(0xffffffffu, sum, half);
    }
    for (int at = whole; at < n; at++) {
        sum += values[at];
    }
    return sum;
}

}  // namespace

// A block for 1024 elements. `each` is null, or has every element's loss; else sums gets one of the block. diff may be null;
// weights is null, or has one for each of `cols` columns.
extern "C" __global__ void __launch_bounds__(THREADS)
    gatun_loss_f32(const float* __restrict__ prediction, const float* __restrict__ target, const float* __restrict__ weights,
                   float* __restrict__ losses, float* __restrict__ sums, float* __restrict__ diff, long long count,
                   long long cols, int kind, float a, float b, float scale) {
    __shared__ float terms[BLOCK];
    long long from = (long long) blockIdx.x * BLOCK;
    int n = count - from < BLOCK ? (int) (count - from) : BLOCK;
    const float* x = prediction + from;
    const float* t = target + from;
    // The next element is on its way while this one is worked on.
    int first = (int) threadIdx.x;
    float nextX = first < n ? x[first] : 0.0f;
    float nextT = first < n ? t[first] : 0.0f;
    for (int i = first; i < n; i += THREADS) {
        float thisX = nextX;
        float thisT = nextT;
        if (i + THREADS < n) {
            nextX = x[i + THREADS];
            nextT = t[i + THREADS];
        }
        float w = weights ? weights[(from + i) % cols] : 1.0f;
        float y = term(kind, a, b, thisX, thisT, w);
        if (losses) {
            losses[from + i] = y;
        } else {
            terms[i] = y;
        }
        if (diff) {
            diff[from + i] = slope(kind, a, b, thisX, thisT, w, scale);
        }
    }
    if (!losses) {
        float sum = block_sum(terms, n);
        if (threadIdx.x == 0) {
            sums[blockIdx.x] = sum;
        }
    }
}

// l1 |w| + l2 w^2 of 1024 weights to sums, and their gradients added to diff.
extern "C" __global__ void __launch_bounds__(THREADS)
    gatun_penalty_f32(const float* __restrict__ weights, float* __restrict__ diff, float* __restrict__ sums, long long count,
                      float l1, float l2) {
    __shared__ float terms[BLOCK];
    long long from = (long long) blockIdx.x * BLOCK;
    int n = count - from < BLOCK ? (int) (count - from) : BLOCK;
    for (int i = (int) threadIdx.x; i < n; i += THREADS) {
        float w = weights[from + i];
        terms[i] = l1 * fabsf(w) + l2 * w * w;
        diff[from + i] = diff[from + i] + (l1 * sign(w) + 2.0f * l2 * w);
    }
    float sum = block_sum(terms, n);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
    }
}

// value = the blocks' sums over the divisor: 16 of them, a piece, one after the other in double, then the pieces. One block.
extern "C" __global__ void __launch_bounds__(THREADS)
    gatun_loss_sum_f32(const float* __restrict__ sums, float* __restrict__ value, long long blocks, long long divisor) {
    __shared__ double pieces[THREADS];
    double sum = 0;
    long long count = (blocks + WAYS - 1) / WAYS;
    for (long long from = 0; from < count; from += THREADS) {
        double piece = 0;
        long long first = (from + threadIdx.x) * WAYS;
        if (first + WAYS <= blocks) {
#pragma unroll  // one block: nobody else hides the time that loads take
            for (int i = 0; i < WAYS; i++) {
                piece += sums[first + i];
            }
        } else {
            for (long long i = first; i < blocks; i++) {
                piece += sums[i];
            }
        }
        pieces[threadIdx.x] = piece;
        __syncthreads();
        if (threadIdx.x == 0) {
            for (int i = 0; i < THREADS && from + i < count; i++) {
                sum += pieces[i];
            }
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        *value = (float) (sum / (double) divisor);
    }
}
