// One step of an LSTM, a GRU or a plain recurrent layer, each way: the product of the state, or of the later step's gradients,
// with the recurrent weights, and the cell's arithmetic on it, in one launch. The products of all steps' inputs, and the weights'
// gradients, are matrix products of the whole sequence before and after.
//
// T is what states, weights and their products' gradients are stored as; gates, cell states, biases and all sums are float. So in
// 16-bit storage a step reads the state that the step before has rounded, as hn is, and half the bytes of weights.
//
// A block has 16 rows of the batch and 8 COLUMNS columns of the product: the gates of 8 units forward, 8 COLUMNS units backward. Its
// 256 threads are four groups that each take 32 of every 128 terms, for a step of 32 rows is too little work for a device with
// fewer threads: LSTM, b 32, h 512: 128 blocks, 128 terms a thread, 67 MFLOP and 8 MB of weights out of L2, whose bandwidth and the
// latency of four stages bound it. The next stage's loads are under way while one is multiplied. A sum's order depends on its
// length alone, so a sequence cut in two gives the same bits.
#pragma once

#include "gatun_quads.h"

constexpr int ROWS = 16;
constexpr int STAGE = 128;
// Rows of a stage begin 4 banks apart: 8 rows of 16 bytes are one access.
constexpr int PITCH = STAGE + 4;
constexpr int GROUPS = 4;
constexpr int GROUP = 64;

// Aligned to what is read and written there at once.
template <int COLUMNS>
struct alignas(16) step_memory {
    float rows[ROWS * PITCH];
    float columns[8 * COLUMNS * PITCH];
    float sums[GROUPS * GROUP * 2 * COLUMNS];
};

// Four terms of a row from k on, 0 beyond the row's end.
template <typename T>
GATUN_FN gatun_f4 load_terms(const T* row, int k, int length, bool wide) {
    if (wide && k + 4 <= length) {
        return gatun_load4(row + k);
    }
    return {k < length ? gatun_load(row + k) : 0.0f, k + 1 < length ? gatun_load(row + k + 1) : 0.0f,
            k + 2 < length ? gatun_load(row + k + 2) : 0.0f, k + 3 < length ? gatun_load(row + k + 3) : 0.0f};
}

// How a thread gets at the columns of the product: as rows of the weights (weights state, forward) or as their columns (gradients
// weights, backward). Column u + 8 j is gate j of the block's unit u, or where there is one gate unit u + 8 j.
template <typename T>
struct weight_rows {
    const T* weights;
    int units;  // rows of a gate
    int terms;
    bool gates;

    // Piece p of a stage: column p / 32, four terms.
    GATUN_METHOD gatun_f4 load(int piece, int firstUnit, int k, bool wide) const {
        int column = piece / (STAGE / 4);
        int unit = firstUnit + (gates ? column % 8 : column);
        if (unit >= units) {
            return {0, 0, 0, 0};
        }
        long long row = unit + (gates ? (long long) (column / 8) * units : 0LL);
        return load_terms(weights + row * terms, k + piece % (STAGE / 4) * 4, terms, wide);
    }

    GATUN_METHOD void store(float* shared, int piece, gatun_f4 v) const {
        *(gatun_f4*) (shared + piece / (STAGE / 4) * PITCH + piece % (STAGE / 4) * 4) = v;
    }
};

template <int COLUMNS, typename T>
struct weight_columns {
    const T* weights;  // terms x units
    int units;
    int terms;

    // Piece p of a stage: term p / (2 COLUMNS), four units.
    GATUN_METHOD gatun_f4 load(int piece, int firstUnit, int k, bool wide) const {
        int term = k + piece / (2 * COLUMNS);
        if (term >= terms) {
            return {0, 0, 0, 0};
        }
        return load_terms(weights + (long long) term * units, firstUnit + piece % (2 * COLUMNS) * 4, units, wide);
    }

    GATUN_METHOD void store(float* shared, int piece, gatun_f4 v) const {
        float* to = shared + piece % (2 * COLUMNS) * 4 * PITCH + piece / (2 * COLUMNS);
        to[0] = v.x;
        to[PITCH] = v.y;
        to[2 * PITCH] = v.z;
        to[3 * PITCH] = v.w;
    }
};

// The sums over `weights.terms` of 16 rows with the block's columns. Afterwards thread t below 128 has row t / 8 and of the columns
// those at t % 8 + 8 j in out[j].
template <int COLUMNS, typename T, typename Weights>
GATUN_FN void multiply(const T* __restrict__ rows, int batch, const Weights& weights, int firstRow, int firstUnit,
                       step_memory<COLUMNS>& shared, float (&out)[COLUMNS]) {
    int terms = weights.terms;
    bool wideRows = terms % 4 == 0 && gatun_wide(rows);
    bool wideWeights = (terms | weights.units) % 4 == 0 && gatun_wide(weights.weights);
    int thread = threadIdx.x;
    gatun_f4 nextRows[2], nextColumns[COLUMNS];
    auto load = [&](int k) {
        for (int i = 0; i < 2; i++) {
            int piece = thread + i * 256;
            int row = firstRow + piece / (STAGE / 4);
            nextRows[i] = row < batch ? load_terms(rows + (long long) row * terms, k + piece % (STAGE / 4) * 4, terms, wideRows)
                                      : gatun_f4{0, 0, 0, 0};
        }
        for (int i = 0; i < COLUMNS; i++) {
            nextColumns[i] = weights.load(thread + i * 256, firstUnit, k, wideWeights);
        }
    };
    float sum[2][COLUMNS] = {};
    int group = thread / GROUP;
    int pair = thread % GROUP / 8;
    int unit = thread % 8;
    load(0);
    for (int k = 0; k < terms; k += STAGE) {
        for (int i = 0; i < 2; i++) {
            int piece = thread + i * 256;
            *(gatun_f4*) (shared.rows + piece / (STAGE / 4) * PITCH + piece % (STAGE / 4) * 4) = nextRows[i];
        }
        for (int i = 0; i < COLUMNS; i++) {
            weights.store(shared.columns, thread + i * 256, nextColumns[i]);
        }
        __syncthreads();
        if (k + STAGE < terms) {
            load(k + STAGE);
        }
        for (int i = 0; i < STAGE / GROUPS; i += 4) {
            int at = group * (STAGE / GROUPS) + i;
            if (k + at >= terms) {
                break;
            }
            gatun_f4 a = *(const gatun_f4*) (shared.rows + 2 * pair * PITCH + at);
            gatun_f4 b = *(const gatun_f4*) (shared.rows + (2 * pair + 1) * PITCH + at);
            for (int j = 0; j < COLUMNS; j++) {
                gatun_f4 w = *(const gatun_f4*) (shared.columns + (unit + 8 * j) * PITCH + at);
                sum[0][j] = fmaf(a.w, w.w, fmaf(a.z, w.z, fmaf(a.y, w.y, fmaf(a.x, w.x, sum[0][j]))));
                sum[1][j] = fmaf(b.w, w.w, fmaf(b.z, w.z, fmaf(b.y, w.y, fmaf(b.x, w.x, sum[1][j]))));
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            shared.sums[((group * 2 + i) * COLUMNS + j) * GROUP + thread % GROUP] = sum[i][j];
        }
    }
    __syncthreads();
    // Row t / 8 is the second of its pair if that is odd.
    int from = (thread / 16 % 8) * 8 + unit;
    int second = thread / 8 % 2;
    for (int j = 0; j < COLUMNS; j++) {
        float total = 0.0f;
        for (int g = 0; g < GROUPS; g++) {
            float part = shared.sums[((g * 2 + second) * COLUMNS + j) * GROUP + from];
            total = g == 0 ? part : total + part;
        }
        out[j] = total;
    }
}

// What the steps of all layers begin with on the way back: dh of each state, from which cell(row, unit, at, dh) goes on. It is the
// product of the gradients of the step after, `later`, `terms` a row, with the weights, and what of it goes `past` the gates;
// at the last step, where later is null, diffHiddenIn. `before`: of the state before all steps, which goes to diffHidden.
template <typename T, typename Cell>
GATUN_FN void step_backward(const T* later, const T* weights, int terms, const float* past, const T* diffHiddenIn, T* diffHidden,
                            bool before, int b, int h, step_memory<2>& shared, Cell cell) {
    float sum[2] = {};
    int firstRow = blockIdx.y * ROWS;
    int firstUnit = blockIdx.x * 16;
    if (later) {
        multiply<2>(later, b, weight_columns<2, T>{weights, h, terms}, firstRow, firstUnit, shared, sum);
    }
    int row = firstRow + threadIdx.x / 8;
    if (threadIdx.x >= 8 * ROWS || row >= b) {
        return;
    }
    for (int j = 0; j < 2; j++) {
        int unit = firstUnit + threadIdx.x % 8 + 8 * j;
        if (unit >= h) {
            continue;
        }
        long long at = (long long) row * h + unit;
        float dh = later ? (past ? past[at] + sum[j] : sum[j]) : gatun_load(diffHiddenIn + at);
        if (before) {
            gatun_store(diffHidden + at, dh);
        } else {
            cell(row, unit, at, dh);
        }
    }
}

// ---- LSTM --------------------------------------------------------------------------------------------------------------

// gates: of each row the inputs' part of i, f, g, o with the bias, `stride` numbers from row to row. Training keeps the activated
// gates there, and behind them the cell state. `cell` is c of the step before, `cellOut` may be the same. hn null but at the last step.
template <typename T>
GATUN_FN void lstm_step(const T* hidden, const T* weights, float* gates, int stride, const float* cell, float* cellOut, T* dst,
                        T* hn, int b, int h, int training) {
    __shared__ step_memory<4> shared;
    float sum[4];
    int firstRow = blockIdx.y * ROWS;
    int firstUnit = blockIdx.x * 8;
    multiply<4>(hidden, b, weight_rows<T>{weights, h, h, true}, firstRow, firstUnit, shared, sum);
    int row = firstRow + threadIdx.x / 8;
    int unit = firstUnit + threadIdx.x % 8;
    if (threadIdx.x >= 8 * ROWS || row >= b || unit >= h) {
        return;
    }
    float* own = gates + (long long) row * stride + unit;
    float i = gatun_sigmoid(own[0] + sum[0]);
    float f = gatun_sigmoid(own[h] + sum[1]);
    float g = gatun_tanh(own[2LL * h] + sum[2]);
    float o = gatun_sigmoid(own[3LL * h] + sum[3]);
    long long at = (long long) row * h + unit;
    float c = f * cell[at] + i * g;
    float out = o * gatun_tanh(c);
    cellOut[at] = c;
    gatun_store(dst + at, out);
    if (hn) {
        gatun_store(hn + at, out);
    }
    if (training) {
        own[0] = i;
        own[h] = f;
        own[2LL * h] = g;
        own[3LL * h] = o;
        own[4LL * h] = c;
    }
}

// later: of each row the gradients of the four gates of the step after, null at the last step, where diffHidden has the state's
// gradient. saved: the step's gates and cell state, 5 h a row. before: the cell state before, `beforeStride` from row to row.
// diffCell is that of c, and then of the c before. diffGates null: only the gradient of the state before all steps, to diffHidden.
template <typename T>
GATUN_FN void lstm_step_backward(const T* later, const T* weights, const T* diffDst, const float* saved, const float* before,
                                 int beforeStride, const float* diffCellIn, float* diffCell, const T* diffHiddenIn,
                                 T* diffHidden, T* diffGates, int b, int h) {
    __shared__ step_memory<2> shared;
    auto cell = [&](int row, int unit, long long at, float dh) {
        dh += gatun_load(diffDst + at);
        const float* own = saved + 5LL * row * h + unit;
        float i = own[0];
        float f = own[h];
        float g = own[2LL * h];
        float o = own[3LL * h];
        float t = gatun_tanh(own[4LL * h]);
        float dc = diffCellIn[at] + dh * o * (1.0f - t * t);
        T* diff = diffGates + 4LL * row * h + unit;
        gatun_store(diff, dc * g * i * (1.0f - i));
        gatun_store(diff + h, dc * before[(long long) row * beforeStride + unit] * f * (1.0f - f));
        gatun_store(diff + 2LL * h, dc * i * (1.0f - g * g));
        gatun_store(diff + 3LL * h, dh * t * o * (1.0f - o));
        diffCell[at] = dc * f;
    };
    step_backward(later, weights, 4 * h, nullptr, diffHiddenIn, diffHidden, !diffGates, b, h, shared, cell);
}

// ---- GRU ---------------------------------------------------------------------------------------------------------------

// gates: the inputs' part of r, z, n with biasIh, `stride` from row to row. Training keeps the gates, and behind them what r
// multiplies. hidden is the state before.
template <typename T>
GATUN_FN void gru_step(const T* hidden, const T* weights, const float* biasHh, float* gates, int stride, T* dst, T* hn, int b,
                       int h, int training) {
    __shared__ step_memory<3> shared;
    float sum[3];
    int firstRow = blockIdx.y * ROWS;
    int firstUnit = blockIdx.x * 8;
    multiply<3>(hidden, b, weight_rows<T>{weights, h, h, true}, firstRow, firstUnit, shared, sum);
    int row = firstRow + threadIdx.x / 8;
    int unit = firstUnit + threadIdx.x % 8;
    if (threadIdx.x >= 8 * ROWS || row >= b || unit >= h) {
        return;
    }
    float* own = gates + (long long) row * stride + unit;
    float r = gatun_sigmoid(own[0] + (sum[0] + biasHh[unit]));
    float z = gatun_sigmoid(own[h] + (sum[1] + biasHh[h + unit]));
    float reset = sum[2] + biasHh[2LL * h + unit];
    float n = gatun_tanh(own[2LL * h] + r * reset);
    long long at = (long long) row * h + unit;
    float out = (1.0f - z) * n + z * gatun_load(hidden + at);
    gatun_store(dst + at, out);
    if (hn) {
        gatun_store(hn + at, out);
    }
    if (training) {
        own[0] = r;
        own[h] = z;
        own[2LL * h] = n;
        own[3LL * h] = reset;
    }
}

// later: the gradients of the hidden parts of the gates of the step after, null at the last step, where diffHiddenIn has the
// state's gradient. past is what of it goes past the gates, of the step after and then of this one. Writes the gradients of the
// inputs' parts and of the hidden parts, 3 h a row each; those null: only that of the state before all steps, to diffHidden.
template <typename T>
GATUN_FN void gru_step_backward(const T* later, const T* weights, const T* diffDst, const float* saved, const T* before,
                                const T* diffHiddenIn, float* past, T* diffHidden, T* diffInputs, T* diffGates, int b, int h) {
    __shared__ step_memory<2> shared;
    auto cell = [&](int row, int unit, long long at, float dh) {
        dh += gatun_load(diffDst + at);
        const float* own = saved + 4LL * row * h + unit;
        float r = own[0];
        float z = own[h];
        float n = own[2LL * h];
        float dn = dh * (1.0f - z) * (1.0f - n * n);
        float dz = dh * (gatun_load(before + at) - n) * (z * (1.0f - z));
        float dr = dn * own[3LL * h] * (r * (1.0f - r));
        T* inputs = diffInputs + 3LL * row * h + unit;
        T* gates = diffGates + 3LL * row * h + unit;
        gatun_store(inputs, dr);
        gatun_store(inputs + h, dz);
        gatun_store(inputs + 2LL * h, dn);
        gatun_store(gates, dr);
        gatun_store(gates + h, dz);
        gatun_store(gates + 2LL * h, dn * r);
        past[at] = dh * z;
    };
    step_backward(later, weights, 3 * h, past, diffHiddenIn, diffHidden, !diffGates, b, h, shared, cell);
}

// ---- Plain -------------------------------------------------------------------------------------------------------------

// inputs: their part with biasIh; of float it may be dst.
template <typename T>
GATUN_FN void rnn_step(const T* hidden, const T* weights, const float* biasHh, const float* inputs, T* dst, T* hn, int b, int h,
                       int relu) {
    __shared__ step_memory<2> shared;
    float sum[2];
    int firstRow = blockIdx.y * ROWS;
    int firstUnit = blockIdx.x * 16;
    multiply<2>(hidden, b, weight_rows<T>{weights, h, h, false}, firstRow, firstUnit, shared, sum);
    int row = firstRow + threadIdx.x / 8;
    if (threadIdx.x >= 8 * ROWS || row >= b) {
        return;
    }
    for (int j = 0; j < 2; j++) {
        int unit = firstUnit + threadIdx.x % 8 + 8 * j;
        if (unit < h) {
            long long at = (long long) row * h + unit;
            float x = inputs[at] + (sum[j] + biasHh[unit]);
            float out = relu ? gatun_max(x, 0.0f) : gatun_tanh(x);
            gatun_store(dst + at, out);
            if (hn) {
                gatun_store(hn + at, out);
            }
        }
    }
}

// later: the gradients of the sums of the step after, null at the last step, where diffHiddenIn has the state's gradient.
template <typename T>
GATUN_FN void rnn_step_backward(const T* later, const T* weights, const T* diffDst, const T* dst, const T* diffHiddenIn,
                                T* diffHidden, T* diffSums, int b, int h, int relu) {
    __shared__ step_memory<2> shared;
    auto cell = [&](int row, int unit, long long at, float dh) {
        float slope = gatun_derivative(relu ? GATUN_RELU : GATUN_TANH, 0.0f, 0.0f, gatun_load(dst + at));
        gatun_store(diffSums + at, (dh + gatun_load(diffDst + at)) * slope);
    };
    step_backward(later, weights, h, nullptr, diffHiddenIn, diffHidden, !diffSums, b, h, shared, cell);
}

// ---- The gradients of the biases ---------------------------------------------------------------------------------------

// Sums of the columns of rows of gradients, in bands: partials[band c + k]. 4 bytes a number, so memory bounds it.
template <bool WIDE, typename T>
GATUN_FN void band_sums(const T* __restrict__ src, long long rows, int c, int chunks, double* __restrict__ out,
                        double* shared) {
    int k = gatun_quad_channel();
    int width = gatun_quad_width(k, c);
    int step = blockDim.y;
    double sums[4] = {};
    for (int chunk = 0; chunk < chunks && width > 0; chunk++) {
        long long row = ((long long) blockIdx.x * chunks + chunk) * 8 * step + threadIdx.y;
        gatun_quad x[8];
        gatun_load_rows<WIDE>(src, row, step, rows, c, k, width, x);
        for (int j = 0; j < 4; j++) {
            float sum = 0.0f;
            for (int i = 0; i < 8; i++) {
                sum += x[i].v[j];
            }
            sums[j] += (double) sum;
        }
    }
    gatun_sum_rows(sums, shared);
    if (threadIdx.y == 0) {
        for (int j = 0; j < 4; j++) {
            if (j < width) {
                out[(long long) blockIdx.x * c + k + j] = sums[j];
            }
        }
    }
}

template <typename T>
GATUN_FN void bands(const T* src, long long rows, int c, int chunks, double* partials) {
    __shared__ double shared[4 * 256];
    if (c % 4 == 0 && gatun_wide(src)) {
        band_sums<true>(src, rows, c, chunks, partials, shared);
    } else {
        band_sums<false>(src, rows, c, chunks, partials, shared);
    }
}

#define GATUN_RECURRENT(name, T)                                                                                               \
    extern "C" __global__ void __launch_bounds__(256) gatun_lstm_step_##name(                                                  \
        const T* hidden, const T* weights, float* gates, int stride, const float* cell, float* cellOut, T* dst, T* hn, int b,  \
        int h, int training) {                                                                                                 \
        lstm_step(hidden, weights, gates, stride, cell, cellOut, dst, hn, b, h, training);                                     \
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_lstm_step_backward_##name(                                         \
        const T* later, const T* weights, const T* diffDst, const float* saved, const float* before, int beforeStride,         \
        const float* diffCellIn, float* diffCell, const T* diffHiddenIn, T* diffHidden, T* diffGates, int b, int h) {          \
        lstm_step_backward(later, weights, diffDst, saved, before, beforeStride, diffCellIn, diffCell, diffHiddenIn, diffHidden,\
                           diffGates, b, h);                                                                                   \
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_gru_step_##name(                                                   \
        const T* hidden, const T* weights, const float* biasHh, float* gates, int stride, T* dst, T* hn, int b, int h,         \
        int training) {                                                                                                        \
        gru_step(hidden, weights, biasHh, gates, stride, dst, hn, b, h, training);                                             \
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_gru_step_backward_##name(                                          \
        const T* later, const T* weights, const T* diffDst, const float* saved, const T* before, const T* diffHiddenIn,        \
        float* past, T* diffHidden, T* diffInputs, T* diffGates, int b, int h) {                                               \
        gru_step_backward(later, weights, diffDst, saved, before, diffHiddenIn, past, diffHidden, diffInputs, diffGates, b, h);\
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_rnn_step_##name(                                                   \
        const T* hidden, const T* weights, const float* biasHh, const float* inputs, T* dst, T* hn, int b, int h, int relu) {  \
        rnn_step(hidden, weights, biasHh, inputs, dst, hn, b, h, relu);                                                        \
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_rnn_step_backward_##name(                                          \
        const T* later, const T* weights, const T* diffDst, const T* dst, const T* diffHiddenIn, T* diffHidden, T* diffSums,   \
        int b, int h, int relu) {                                                                                              \
        rnn_step_backward(later, weights, diffDst, dst, diffHiddenIn, diffHidden, diffSums, b, h, relu);                       \
    }                                                                                                                          \
    extern "C" __global__ void __launch_bounds__(256) gatun_recurrent_bands_##name(                                            \
        const T* src, long long rows, int c, int chunks, double* partials) {                                                   \
        bands(src, rows, c, chunks, partials);                                                                                 \
    }
