// Cross-entropy of rows of logits and its gradient in one: a row's loss is sum u log(sum exp(x - max)) + sum u (max - x), and
// diffLogits = (softmax sum u - u) / divisor, where u is what the target, the classes' weights and the smoothing give a class.
// 8 bytes an element with the gradient, 4 without, where the row fits into registers (4096 columns), 12 and 4 to 8 where not;
// 35 operations for the exponential just hide behind that. Up to three launches: the divisor of a mean, which every gradient
// needs, then the rows, then the sum of their losses. Only the rows' kernel says that a target is no class.
#include "gatun.h"
#include "gatun_fault.h"
#include "gatun_rows.h"

namespace {

// A row's u_c = w_c (keep t_c + share).
struct Target {
    // The row's probabilities, or null: then it is the class, -1 for none.
    const float* probabilities;
    int label;
    const float* weights;
    float keep, share;

    // Whether all but one class have u = 0.
    GATUN_METHOD bool hard() const {
        return !probabilities && share == 0.0f;
    }

    GATUN_METHOD float weight(int c) const {
        return weights ? weights[c] : 1.0f;
    }

    GATUN_METHOD float of(int c) const {
        float t = probabilities ? probabilities[c] : c == label ? 1.0f : 0.0f;
        return weight(c) * (keep * t + share);
    }
};

// u (max - x); of halves, for max - x may be twice the largest float.
GATUN_FN float times_below(float u, float max, float x) {
    return u == 0.0f ? 0.0f : 2.0f * (u * (0.5f * max - 0.5f * x));
}

// The sums over a whole row, of which its loss and its gradient are made.
struct Sums {
    float max, exponentials, weights, loss;

    GATUN_METHOD float value(bool logged) const {
        return logged ? loss : weights * gatun_log(exponentials) + loss;
    }
};

// What all rows' kernels are given.
struct Problem {
    const float* logits;
    const float* probabilities;
    const int* labels;
    const float* weights;
    float* loss;
    float* diff;
    // What a gradient is divided by: in memory, or if that is null the number.
    const float* divisorAt;
    float divisor;
    int cols;
    bool logged;
    int ignored;
    float keep, share;
    gatun_fault* fault;
    int code;

    GATUN_METHOD bool wide() const {
        return cols % 4 == 0 && gatun_wide(logits, diff);
    }

    GATUN_METHOD float scale() const {
        return 1.0f / (divisorAt ? *divisorAt : divisor);
    }

    // Of a row that does not count the label is -1.
    GATUN_METHOD Target target(long long row, bool reports) const {
        if (probabilities) {
            return {probabilities + row * cols, -1, weights, keep, share};
        }
        int label = labels[row];
        bool counts = label != ignored;
        if (counts && (unsigned) label >= (unsigned) cols) {
            counts = false;
            if (reports) {
                gatun_report(fault, code, row, label);
            }
        }
        return {nullptr, counts ? label : -1, weights, keep, share};
    }

    GATUN_METHOD bool counts(const Target& target) const {
        return probabilities || target.label >= 0;
    }
};

// diffLogits of one element; p is 0 of log-probabilities.
GATUN_FN float slope(float p, float u, float weights, float scale) {
    return (p * weights - u) * scale;
}

// A row in registers; `live` is false for lanes behind the last row, which only take part in the sums.
template <int N, typename Team>
GATUN_FN void row_at_once(const Problem& problem, const Team& team, long long row, bool live) {
    int cols = live ? problem.cols : 0;
    long long at = live ? row * problem.cols : 0;
    Target target = live ? problem.target(row, team.lane == 0) : Target{nullptr, -1, nullptr, 0, 0};
    bool counts = live && problem.counts(target);
    float x[N], e[N], u[N], terms[N];
    gatun_take(x, problem.logits + at, cols, team.lane, team.lanes, problem.wide(), gatun_minus_infinity());
    float max = problem.logged ? 0.0f : team.max(gatun_largest(x));
    float exponentials = 1.0f;
    if (!problem.logged) {
        exponentials = gatun_exponentials(e, x, max, cols, team.lane, team.lanes);
    }
    for (int k = 0; k < N; k++) {
        int c = gatun_column<N>(team.lane, team.lanes, k);
        u[k] = counts && c < cols ? target.of(c) : 0.0f;
        terms[k] = times_below(u[k], max, x[k]);
    }
    Sums sums = {max, exponentials, gatun_total(u), gatun_total(terms)};
    team.sum3(sums.exponentials, sums.weights, sums.loss);
    if (live && team.lane == 0) {
        problem.loss[row] = counts ? sums.value(problem.logged) : 0.0f;
    }
    if (live && problem.diff) {
        float scale = problem.scale();
        for (int k = 0; k < N; k++) {
            float p = problem.logged ? 0.0f : e[k] / sums.exponentials;
            terms[k] = counts ? slope(p, u[k], sums.weights, scale) : 0.0f;
        }
        gatun_give(problem.diff + at, terms, cols, team.lane, team.lanes, problem.wide());
    }
}

// The next part of a long row.
GATUN_FN void part(float (&x)[GATUN_ROW_LONG], const Problem& problem, const gatun_team& block, long long at, int from) {
    gatun_take(x, problem.logits + at + from, problem.cols - from, block.lane, block.lanes, problem.wide(),
               gatun_minus_infinity());
}

GATUN_FN void weights_of(float (&u)[GATUN_ROW_LONG], const Target& target, const gatun_team& block, int from, int cols) {
    for (int k = 0; k < GATUN_ROW_LONG; k++) {
        int c = from + gatun_column<GATUN_ROW_LONG>(block.lane, block.lanes, k);
        u[k] = c < cols ? target.of(c) : 0.0f;
    }
}

// The first time a row is read: its maximum, the exponentials' sum and that of u.
GATUN_FN Sums read_first(const Problem& problem, const Target& target, const gatun_team& block, long long at) {
    constexpr int STEP = GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS;
    gatun_running running;
    float x[GATUN_ROW_LONG];
    float weights = 0;
    for (int from = 0; from < problem.cols; from += STEP) {
        if (!problem.logged) {
            part(x, problem, block, at, from);
            running.add(x);
        }
        if (!target.hard()) {
            weights_of(x, target, block, from, problem.cols);
            weights += gatun_total(x);
        }
    }
    if (!problem.logged) {
        running.join(block);
    }
    weights = target.hard() ? target.weight(target.label) : block.sum(weights);
    return {problem.logged ? 0.0f : running.max, running.sum, weights, 0};
}

// The second time: its loss and its gradient. Of a hard target without a gradient one logit is enough.
GATUN_FN void read_again(const Problem& problem, const Target& target, const gatun_team& block, long long at, Sums& sums) {
    constexpr int STEP = GATUN_ROW_LONG * GATUN_ROW_LONG_THREADS;
    if (target.hard() && !problem.diff) {
        sums.loss = times_below(target.of(target.label), sums.max, problem.logits[at + target.label]);
        return;
    }
    float x[GATUN_ROW_LONG], u[GATUN_ROW_LONG], terms[GATUN_ROW_LONG];
    float scale = problem.diff ? problem.scale() : 0.0f;
    float loss = 0;
    for (int from = 0; from < problem.cols; from += STEP) {
        part(x, problem, block, at, from);
        weights_of(u, target, block, from, problem.cols);
        for (int k = 0; k < GATUN_ROW_LONG; k++) {
            terms[k] = times_below(u[k], sums.max, x[k]);
        }
        loss += gatun_total(terms);
        if (problem.diff) {
            for (int k = 0; k < GATUN_ROW_LONG; k++) {
                float p = problem.logged ? 0.0f : gatun_exp_difference(x[k], sums.max) / sums.exponentials;
                terms[k] = slope(p, u[k], sums.weights, scale);
            }
            gatun_give(problem.diff + at + from, terms, problem.cols - from, block.lane, block.lanes, problem.wide());
        }
    }
    sums.loss = block.sum(loss);
}

GATUN_FN void clear(const Problem& problem, const gatun_team& block, long long at) {
    for (int c = block.lane; problem.diff && c < problem.cols; c += block.lanes) {
        problem.diff[at + c] = 0.0f;
    }
}

GATUN_FN bool counted(int label, int ignored, int cols) {
    return label != ignored && (unsigned) label < (unsigned) cols;
}

}  // namespace

#define PARAMETERS                                                                                                         \
    const float *__restrict__ logits, const float *__restrict__ probabilities, const int *__restrict__ labels,             \
        const float *__restrict__ weights, float *__restrict__ loss, float *__restrict__ diff,                             \
        const float *__restrict__ divisorAt, float divisor, long long rows, int cols, int lanes, int logged, int ignored,  \
        float keep, float share, gatun_fault *fault, int code
#define PROBLEM                                                                                                            \
    {                                                                                                                      \
        logits, probabilities, labels, weights, loss, diff, divisorAt, divisor, cols, logged != 0, ignored, keep, share,   \
            fault, code                                                                                                   \
    }

// The rows' losses, and unless diff is null their gradients; one of probabilities and labels is null, weights may be.
// `lanes` lanes, a power of two, have a row of at most 4 * lanes columns.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_crossentropy_rows4_f32(PARAMETERS) {
    long long row = gatun_thread() >> (__ffs(lanes) - 1);
    row_at_once<4>(PROBLEM, gatun_lanes{lanes, (int) (threadIdx.x & (lanes - 1))}, row, row < rows);
}

// The same of at most 16 * lanes.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_crossentropy_rows16_f32(PARAMETERS) {
    long long row = gatun_thread() >> (__ffs(lanes) - 1);
    row_at_once<16>(PROBLEM, gatun_lanes{lanes, (int) (threadIdx.x & (lanes - 1))}, row, row < rows);
}

// A block, whose threads `lanes` are, has a row of at most 4096 columns.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS) gatun_crossentropy_block_f32(PARAMETERS) {
    __shared__ float shared[96];
    row_at_once<16>(PROBLEM, gatun_team{lanes, (int) threadIdx.x, shared}, blockIdx.x, blockIdx.x < rows);
}

// A block of 512 threads has a row, which is read twice.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_LONG_THREADS) gatun_crossentropy_long_f32(PARAMETERS) {
    __shared__ float shared[96];
    Problem problem = PROBLEM;
    gatun_team block = {lanes, (int) threadIdx.x, shared};
    long long row = blockIdx.x;
    if (row >= rows) {
        return;
    }
    Target target = problem.target(row, threadIdx.x == 0);
    if (!problem.counts(target)) {
        clear(problem, block, row * cols);
        if (threadIdx.x == 0) {
            loss[row] = 0.0f;
        }
        return;
    }
    Sums sums = read_first(problem, target, block, row * cols);
    read_again(problem, target, block, row * cols, sums);
    if (threadIdx.x == 0) {
        loss[row] = sums.value(problem.logged);
    }
}

// The sum of the counted targets' weights, or how many there are: one block, for they are 4 bytes a row.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS)
    gatun_crossentropy_divisor_f32(const int* __restrict__ labels, const float* __restrict__ weights,
                                   float* __restrict__ divisor, long long rows, int cols, int ignored) {
    __shared__ double shared[32];
    double sum = 0;
    if (weights) {
        GATUN_FOR(row, rows) {
            int label = labels[row];
            sum += counted(label, ignored, cols) ? (double) weights[label] : 0.0;
        }
    } else {
#pragma unroll 8  // one block: nobody else hides the time that loads take
        for (long long row = threadIdx.x; row < rows; row += GATUN_ROW_THREADS) {
            sum += counted(labels[row], ignored, cols) ? 1.0 : 0.0;
        }
    }
    sum = gatun_block_sum(sum, shared);
    if (threadIdx.x == 0) {
        *divisor = (float) sum;
    }
}

// The sum of the rows' losses over the divisor, by one block: 4 bytes a row.
extern "C" __global__ void __launch_bounds__(GATUN_ROW_THREADS)
    gatun_crossentropy_sum_f32(const float* __restrict__ losses, float* __restrict__ loss,
                               const float* __restrict__ divisorAt, float divisor, long long rows) {
    __shared__ double shared[32];
    double sum = 0;
#pragma unroll 8
    for (long long row = threadIdx.x; row < rows; row += GATUN_ROW_THREADS) {
        sum += losses[row];
    }
    sum = gatun_block_sum(sum, shared);
    if (threadIdx.x == 0) {
        *loss = (float) (sum / (divisorAt ? *divisorAt : divisor));
    }
}
