// The fake cuDNN's recurrent layers: one layer in one direction, in double, over sequences of one length. Where the weights
// lie depends on the hidden size, so that whoever packs them has to ask. The reserve space has what each step leaves for
// backward, which puts gradients in its place: then forward has to come first again.
#include <math.h>

#include <vector>

#include "cudnn.h"

using namespace cudnn;

namespace {
constexpr int FLOAT = 0, RELU = 0, TANH = 1, LSTM = 2, GRU = 3, INPUT_BIAS = 1, DOUBLE_BIAS = 2, PACKED = 1;
constexpr int INFERENCE = 0, TRAINING = 1, ADD = 0, FMA_MATH = 3;
constexpr int FAULT = 719, ILLEGAL_ADDRESS = 700;
constexpr int MOST_GATES = 4;
constexpr size_t HEADER = 64; // of the reserve space
constexpr uint64_t FORWARD_DONE = 0x72656375726677ull, DATA_DONE = 0x72656375726474ull;

using Numbers = std::vector<double>;

struct Dropout {
    bool set = false;
};
struct Tensor {
    std::vector<int> dims, strides;
};
struct Data {
    int layout = -1, steps = 0, batch = 0, width = 0;
};
struct Rnn {
    int cell = 0, inputs = 0, hidden = 0, math = 0;
    bool twoBiases = false;
    int gates() const { return cell == LSTM ? 4 : cell == GRU ? 3 : 1; }
    // Numbers a step leaves for each hidden unit: the activated gates, then an LSTM's cell, the state's part of a GRU's n.
    int kept() const { return cell == LSTM ? 5 : cell == GRU ? 4 : 1; }
};
template <class T> Alive<T> &alive() {
    static auto *one = new Alive<T>();
    return *one;
}

struct Shape {
    size_t t, b, i, h;
};

// Bytes of the weight space, and where in it are the matrix and the bias of a cuDNN "linear layer": first the gates of the
// inputs, then those of the state.
size_t layout(const Rnn &rnn, int wanted, size_t *matrix, size_t *bias) {
    size_t at = 0, h = static_cast<size_t>(rnn.hidden), i = static_cast<size_t>(rnn.inputs);
    bool scattered = rnn.hidden % 2 == 1;
    int gates = rnn.gates(), biases = rnn.twoBiases ? 2 * gates : gates;
    auto put = [&](int id, size_t floats, size_t *to) {
        if (to && id == wanted) *to = at;
        at += 4 * floats;
        if (scattered) at = (at + 127) / 64 * 64;
    };
    auto size = [&](int id) { return id < gates ? h * i : h * h; };
    if (scattered) {
        for (int id = 2 * gates - 1; id >= 0; id--) {
            if (id < biases) put(id, h, bias);
            put(id, size(id), matrix);
        }
    } else {
        for (int id = 0; id < 2 * gates; id++) put(id, size(id), matrix);
        for (int id = 0; id < biases; id++) put(id, h, bias);
    }
    return at;
}

size_t workBytes(const Shape &s) { return 256 + 16 * s.b * s.h; }
size_t reserveBytes(const Shape &s, const Rnn &rnn) { return HEADER + 4 * s.t * s.b * s.h * static_cast<size_t>(rnn.kept()); }

struct Arguments {
    Shape shape;
    Rnn rnn;
    int training;
    bool ordered;
    const float *x, *y, *dy, *hx, *cx, *dhy, *dcy;
    float *out, *hy, *cy, *dx, *dhx, *dcx;
    void *weights, *work, *reserve;
};

double rounded(float number, int math) {
    if (math == FMA_MATH) return number;
    uint32_t word;
    memcpy(&word, &number, sizeof word);
    if ((word & 0x7f800000) == 0x7f800000) return number;
    word = (word + 0x0fff + (word >> 13 & 1)) & ~0x1fffu;
    memcpy(&number, &word, sizeof number);
    return number;
}

// Factors of products: rounded to TF32 where that is allowed. Zeros for null.
Numbers factors(const float *from, size_t count, int math) {
    Numbers all(count);
    for (size_t k = 0; from && k < count; k++) all[k] = rounded(from[k], math);
    return all;
}

struct Weights {
    float *matrix[2 * MOST_GATES] = {}, *bias[2 * MOST_GATES] = {};
    Numbers factor[2 * MOST_GATES];
    explicit Weights(const Arguments &a) {
        void *space = a.weights;
        const Rnn &rnn = a.rnn;
        static int launches = 0; // products that are not the same each time
        double noise = a.ordered ? 1 : 1 + 1e-6 * (++launches % 8);
        for (int id = 0; id < 2 * rnn.gates(); id++) {
            size_t matrixAt = 0, biasAt = SIZE_MAX;
            layout(rnn, id, &matrixAt, &biasAt);
            matrix[id] = reinterpret_cast<float *>(static_cast<char *>(space) + matrixAt);
            if (biasAt != SIZE_MAX) bias[id] = reinterpret_cast<float *>(static_cast<char *>(space) + biasAt);
            size_t columns = static_cast<size_t>(id < rnn.gates() ? rnn.inputs : rnn.hidden);
            factor[id] = factors(matrix[id], columns * static_cast<size_t>(rnn.hidden), rnn.math);
            for (double &one : factor[id]) one *= noise;
        }
    }
    double biasOf(int id, size_t j) const { return bias[id] ? bias[id][j] : 0; }
};

double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

void addMultiple(Numbers &to, size_t at, double factor, const double *row, size_t n) {
    for (size_t k = 0; k < n; k++) to[at + k] += factor * row[k];
}

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

struct Block {
    const void *at;
    size_t bytes;
};

bool apart(const Block &a, const Block &b) {
    auto first = reinterpret_cast<uintptr_t>(a.at), second = reinterpret_cast<uintptr_t>(b.at);
    return a.at == nullptr || b.at == nullptr || first + a.bytes <= second || second + b.bytes <= first;
}

// Whether all that a call reads and writes is device memory, what it writes apart; the workspace is scribbled on.
bool reachable(const Arguments &a) {
    const Shape &s = a.shape;
    size_t state = 4 * s.b * s.h, x = 4 * s.t * s.b * s.i, y = state * s.t;
    auto holds = [](const void *address, size_t bytes) { return address == nullptr || device().holds(address, bytes); };
    bool all = holds(a.x, x) && holds(a.dx, x) && holds(a.y, y) && holds(a.out, y) && holds(a.dy, y) &&
               holds(a.weights, layout(a.rnn, -1, nullptr, nullptr)) && holds(a.work, workBytes(s)) &&
               holds(a.reserve, reserveBytes(s, a.rnn));
    for (const float *one : {a.hx, a.cx, a.dhy, a.dcy}) all = all && holds(one, state);
    for (float *one : {a.hy, a.cy, a.dhx, a.dcx}) all = all && holds(one, state);
    const Block blocks[] = {{a.dx, x},
                            {a.weights, layout(a.rnn, -1, nullptr, nullptr)},
                            {a.work, workBytes(s)},
                            {a.reserve, reserveBytes(s, a.rnn)}};
    for (const Block &one : blocks) {
        for (const Block &other : blocks) all = all && (&one == &other || apart(one, other));
    }
    if (all) memset(a.work, 0xff, workBytes(s));
    else device().complain("a buffer of an RNN is not all in device memory, or overlaps another");
    return all;
}

// What a step left for one hidden unit, or its gradients: number `slot`.
struct Kept {
    float *all;
    size_t h, width;
    Kept(const Arguments &a)
        : all(reinterpret_cast<float *>(static_cast<char *>(a.reserve) + HEADER)),
          h(a.shape.h),
          width(static_cast<size_t>(a.rnn.kept()) * a.shape.h) {}
    float &at(size_t row, int slot, size_t j) { return all[row * width + static_cast<size_t>(slot) * h + j]; }
};

bool marked(const void *reserve, uint64_t mark) {
    uint64_t found;
    memcpy(&found, reserve, sizeof found);
    if (found != mark) device().complain("the reserve space is not what the call before left there");
    return found == mark;
}

// The new state of one unit from the sums of its gates; `left` is what backward wants.
double step(int cell, const double *inputs, const double *states, double before, double &c, double *left) {
    if (cell == LSTM) {
        for (int g = 0; g < 4; g++) left[g] = g == 2 ? tanh(inputs[g] + states[g]) : sigmoid(inputs[g] + states[g]);
        c = left[1] * c + left[0] * left[2];
        left[4] = c;
        return left[3] * tanh(c);
    }
    if (cell == GRU) {
        left[0] = sigmoid(inputs[0] + states[0]), left[1] = sigmoid(inputs[1] + states[1]);
        left[3] = states[2];
        left[2] = tanh(inputs[2] + left[0] * left[3]);
        return (1 - left[1]) * left[2] + left[1] * before;
    }
    double sum = inputs[0] + states[0];
    return left[0] = cell == TANH ? tanh(sum) : sum < 0 ? 0 : sum;
}

int forward(const void *data) {
    const auto &a = *static_cast<const Arguments *>(data);
    if (!reachable(a)) return ILLEGAL_ADDRESS;
    const Shape &s = a.shape;
    Weights w(a);
    int gates = a.rnn.gates();
    std::vector<float> h(s.b * s.h), c(s.b * s.h), next(s.b * s.h);
    if (a.hx) memcpy(h.data(), a.hx, 4 * h.size());
    if (a.cx) memcpy(c.data(), a.cx, 4 * c.size());
    for (size_t t = 0; t < s.t; t++) {
        Numbers x = factors(a.x + t * s.b * s.i, s.b * s.i, a.rnn.math), state = factors(h.data(), h.size(), a.rnn.math);
        for (size_t b = 0; b < s.b; b++) {
            for (size_t j = 0; j < s.h; j++) {
                double inputs[MOST_GATES], states[MOST_GATES], left[MOST_GATES + 1];
                for (int g = 0; g < gates; g++) {
                    inputs[g] = dot(&w.factor[g][j * s.i], &x[b * s.i], s.i) + w.biasOf(g, j);
                    states[g] = dot(&w.factor[g + gates][j * s.h], &state[b * s.h], s.h) + w.biasOf(g + gates, j);
                }
                size_t at = b * s.h + j;
                double cell = c[at];
                next[at] = static_cast<float>(step(a.rnn.cell, inputs, states, h[at], cell, left));
                c[at] = static_cast<float>(cell);
                for (int slot = 0; a.training && slot < a.rnn.kept(); slot++) {
                    Kept(a).at(t * s.b + b, slot, j) = static_cast<float>(left[slot]);
                }
            }
        }
        h = next;
        memcpy(a.out + t * s.b * s.h, h.data(), 4 * h.size());
    }
    if (a.hy) memcpy(a.hy, h.data(), 4 * h.size());
    if (a.cy) memcpy(a.cy, c.data(), 4 * c.size());
    if (a.training) memcpy(a.reserve, &FORWARD_DONE, sizeof FORWARD_DONE);
    return 0;
}

// Where the gradient of a gate's sum over the state is kept; that over the inputs is kept in the gate's own place.
int stateSlot(int cell, int gate) { return cell == GRU && gate == 2 ? 3 : gate; }

// Puts gradients of the sums in the place of what the step left; returns what of dh goes straight to the step before.
double stepBack(const Rnn &rnn, Kept &kept, size_t row, size_t j, double dh, double before, double cellBefore, double &dc) {
    float &first = kept.at(row, 0, j);
    if (rnn.cell == LSTM) {
        double i = first, f = kept.at(row, 1, j), g = kept.at(row, 2, j), o = kept.at(row, 3, j);
        double cell = tanh(static_cast<double>(kept.at(row, 4, j)));
        double inner = dc + dh * o * (1 - cell * cell);
        dc = inner * f;
        first = static_cast<float>(inner * g * i * (1 - i));
        kept.at(row, 1, j) = static_cast<float>(inner * cellBefore * f * (1 - f));
        kept.at(row, 2, j) = static_cast<float>(inner * i * (1 - g * g));
        kept.at(row, 3, j) = static_cast<float>(dh * cell * o * (1 - o));
        return 0;
    }
    if (rnn.cell == GRU) {
        double r = first, z = kept.at(row, 1, j), n = kept.at(row, 2, j), q = kept.at(row, 3, j);
        double dn = dh * (1 - z) * (1 - n * n);
        first = static_cast<float>(dn * q * r * (1 - r));
        kept.at(row, 1, j) = static_cast<float>(dh * (before - n) * z * (1 - z));
        kept.at(row, 2, j) = static_cast<float>(dn);
        kept.at(row, 3, j) = static_cast<float>(dn * r);
        return dh * z;
    }
    double y = first;
    double slope = rnn.cell == TANH ? 1 - y * y : y > 0 ? 1 : y == y ? 0 : y;
    first = static_cast<float>(dh * slope);
    return 0;
}

int backwardData(const void *data) {
    const auto &a = *static_cast<const Arguments *>(data);
    if (!reachable(a)) return ILLEGAL_ADDRESS;
    if (!marked(a.reserve, FORWARD_DONE)) return FAULT;
    const Shape &s = a.shape;
    Weights w(a);
    Kept kept(a);
    int gates = a.rnn.gates();
    Numbers dh = factors(a.dhy, s.b * s.h, FMA_MATH), dc = factors(a.dcy, s.b * s.h, FMA_MATH);
    for (size_t t = s.t; t-- > 0;) {
        Numbers dhBefore(s.b * s.h), dx(s.b * s.i);
        for (size_t b = 0; b < s.b; b++) {
            size_t row = t * s.b + b;
            for (size_t j = 0; j < s.h; j++) {
                size_t at = b * s.h + j;
                double before = t > 0 ? a.y[(row - s.b) * s.h + j] : a.hx ? a.hx[at] : 0;
                double cell = t > 0 && a.rnn.cell == LSTM ? kept.at(row - s.b, 4, j) : a.cx ? a.cx[at] : 0;
                dhBefore[at] += stepBack(a.rnn, kept, row, j, dh[at] + a.dy[row * s.h + j], before, cell, dc[at]);
                for (int g = 0; g < gates; g++) {
                    double ofState = rounded(kept.at(row, stateSlot(a.rnn.cell, g), j), a.rnn.math);
                    addMultiple(dhBefore, b * s.h, ofState, &w.factor[g + gates][j * s.h], s.h);
                    addMultiple(dx, b * s.i, rounded(kept.at(row, g, j), a.rnn.math), &w.factor[g][j * s.i], s.i);
                }
            }
        }
        for (size_t k = 0; k < dx.size(); k++) a.dx[t * s.b * s.i + k] = static_cast<float>(dx[k]);
        dh = dhBefore;
    }
    for (size_t k = 0; k < dh.size(); k++) {
        if (a.dhx) a.dhx[k] = static_cast<float>(dh[k]);
        if (a.dcx) a.dcx[k] = static_cast<float>(dc[k]);
    }
    memcpy(a.reserve, &DATA_DONE, sizeof DATA_DONE);
    return 0;
}

void add(float *to, const Numbers &sums) {
    for (size_t k = 0; k < sums.size(); k++) to[k] += static_cast<float>(sums[k]);
}

int backwardWeights(const void *data) {
    const auto &a = *static_cast<const Arguments *>(data);
    if (!reachable(a)) return ILLEGAL_ADDRESS;
    if (!marked(a.reserve, DATA_DONE)) return FAULT;
    const Shape &s = a.shape;
    Weights w(a);
    Kept kept(a);
    int gates = a.rnn.gates();
    Numbers x = factors(a.x, s.t * s.b * s.i, a.rnn.math), y = factors(a.y, s.t * s.b * s.h, a.rnn.math);
    Numbers start = factors(a.hx, s.b * s.h, a.rnn.math);
    for (int g = 0; g < gates; g++) {
        Numbers input(s.h * s.i), recurrent(s.h * s.h), bias(s.h), stateBias(s.h);
        for (size_t row = 0; row < s.t * s.b; row++) {
            const double *before = row < s.b ? &start[row * s.h] : &y[(row - s.b) * s.h];
            for (size_t j = 0; j < s.h; j++) {
                float ofInput = kept.at(row, g, j), ofState = kept.at(row, stateSlot(a.rnn.cell, g), j);
                bias[j] += ofInput;
                stateBias[j] += ofState;
                addMultiple(input, j * s.i, rounded(ofInput, a.rnn.math), &x[row * s.i], s.i);
                addMultiple(recurrent, j * s.h, rounded(ofState, a.rnn.math), before, s.h);
            }
        }
        add(w.matrix[g], input);
        add(w.matrix[g + gates], recurrent);
        add(w.bias[g], bias);
        if (w.bias[g + gates]) add(w.bias[g + gates], stateBias);
    }
    return 0;
}

Shape shapeOf(const Data &x, const Rnn &rnn) {
    return {static_cast<size_t>(x.steps), static_cast<size_t>(x.batch), static_cast<size_t>(rnn.inputs),
            static_cast<size_t>(rnn.hidden)};
}

// What all calls check; fills shape and rnn.
int consistent(void *handle, void *rnnDesc, const void *lengths, void *xDesc, void *yDesc, void *hDesc, Arguments &a) {
    Rnn *rnn = alive<Rnn>().get(rnnDesc);
    Data *x = alive<Data>().get(xDesc), *y = alive<Data>().get(yDesc);
    Tensor *h = alive<Tensor>().get(hDesc);
    if (!handles().get(handle) || !rnn || !x || !y || !h) return refused(BAD_PARAM, "a handle or descriptor is none");
    if (lengths) return refused(NOT_SUPPORTED, "the fake one takes no lengths on the device");
    if (x->steps != y->steps || x->batch != y->batch || x->width != rnn->inputs || y->width != rnn->hidden) {
        return refused(BAD_PARAM, "the layer and its data differ in their sizes");
    }
    std::vector<int> dims = {1, x->batch, rnn->hidden}, strides = {x->batch * rnn->hidden, rnn->hidden, 1};
    if (h->dims != dims || h->strides != strides) return refused(BAD_PARAM, "the state is not [1, batch, hidden], dense");
    a.shape = shapeOf(*x, *rnn);
    a.rnn = *rnn;
    return device().fault() ? EXECUTION_FAILED : SUCCESS;
}

int roomy(const Arguments &a, size_t weights, size_t work, size_t reserve, bool training) {
    if (weights < layout(a.rnn, -1, nullptr, nullptr) || work < workBytes(a.shape) ||
        (training && (reserve < reserveBytes(a.shape, a.rnn) || a.reserve == nullptr))) {
        return refused(SIZE_INSUFFICIENT, "weights, workspace or reserve space is too small");
    }
    if (a.weights == nullptr || a.work == nullptr || a.x == nullptr) return refused(NULL_POINTER, "a buffer is null");
    return SUCCESS;
}

int begin(void *handle, const char *name, int (*work)(const void *), Arguments a) {
    const Handle *known = handles().get(handle);
    a.ordered = known->ordered;
    return device().work(known->stream, name, work, &a, sizeof a) ? EXECUTION_FAILED : SUCCESS;
}

template <class T> int create(const char *name, void **out) {
    if (int status = device().call(name)) return status;
    if (out == nullptr) return NULL_POINTER;
    *out = alive<T>().make();
    return SUCCESS;
}

template <class T> int destroy(const char *name, void *descriptor) {
    if (int status = device().call(name)) return status;
    return alive<T>().end(descriptor) ? SUCCESS : BAD_PARAM;
}
} // namespace

API int cudnnCreateDropoutDescriptor(void **out) { return create<Dropout>("cudnnCreateDropoutDescriptor", out); }
API int cudnnDestroyDropoutDescriptor(void *it) { return destroy<Dropout>("cudnnDestroyDropoutDescriptor", it); }
API int cudnnCreateTensorDescriptor(void **out) { return create<Tensor>("cudnnCreateTensorDescriptor", out); }
API int cudnnDestroyTensorDescriptor(void *it) { return destroy<Tensor>("cudnnDestroyTensorDescriptor", it); }
API int cudnnCreateRNNDescriptor(void **out) { return create<Rnn>("cudnnCreateRNNDescriptor", out); }
API int cudnnDestroyRNNDescriptor(void *it) { return destroy<Rnn>("cudnnDestroyRNNDescriptor", it); }
API int cudnnCreateRNNDataDescriptor(void **out) { return create<Data>("cudnnCreateRNNDataDescriptor", out); }
API int cudnnDestroyRNNDataDescriptor(void *it) { return destroy<Data>("cudnnDestroyRNNDataDescriptor", it); }

API int cudnnSetDropoutDescriptor(void *descriptor, void *handle, float rate, void *, size_t, unsigned long long) {
    if (int status = device().call("cudnnSetDropoutDescriptor")) return status;
    Dropout *dropout = alive<Dropout>().get(descriptor);
    if (!dropout || !handles().get(handle)) return BAD_PARAM;
    if (rate != 0) return refused(NOT_SUPPORTED, "the fake one drops nothing");
    dropout->set = true;
    return SUCCESS;
}

API int cudnnSetTensorNdDescriptor(void *descriptor, int type, int count, const int *dims, const int *strides) {
    if (int status = device().call("cudnnSetTensorNdDescriptor")) return status;
    Tensor *tensor = alive<Tensor>().get(descriptor);
    if (!tensor || type != FLOAT || count < 3 || count > 8 || !dims || !strides) return BAD_PARAM;
    tensor->dims.assign(dims, dims + count);
    tensor->strides.assign(strides, strides + count);
    return SUCCESS;
}

API int cudnnSetRNNDescriptor_v8(void *descriptor, int algorithm, int cell, int bias, int direction, int input, int type,
                                 int precision, int math, int inputs, int hidden, int projection, int layers, void *dropout,
                                 uint32_t flags) {
    if (int status = device().call("cudnnSetRNNDescriptor_v8")) return status;
    Rnn *rnn = alive<Rnn>().get(descriptor);
    Dropout *drops = alive<Dropout>().get(dropout);
    if (!rnn || !drops || !drops->set) return refused(BAD_PARAM, "the layer's or dropout's descriptor is none");
    if (inputs < 1 || hidden < 1 || projection < 1 || projection > hidden || layers < 1) return refused(BAD_PARAM, "sizes");
    bool biases = bias == INPUT_BIAS || bias == DOUBLE_BIAS;
    if (algorithm != 0 || cell < RELU || cell > GRU || !biases || direction != 0 || input != 0 || type != FLOAT ||
        precision != FLOAT || projection != hidden || layers != 1 || flags != 0 || math < 0 || math > FMA_MATH) {
        return refused(NOT_SUPPORTED, "the fake one has a layer in one direction, with a bias, in float");
    }
    *rnn = {cell, inputs, hidden, math, bias == DOUBLE_BIAS};
    return SUCCESS;
}

API int cudnnSetRNNDataDescriptor(void *descriptor, int type, int layout, int steps, int batch, int width, const int *lengths,
                                  void *) {
    if (int status = device().call("cudnnSetRNNDataDescriptor")) return status;
    Data *data = alive<Data>().get(descriptor);
    if (!data || type != FLOAT || steps < 1 || batch < 1 || width < 1 || !lengths) return refused(BAD_PARAM, "data");
    for (int i = 0; i < batch; i++) {
        if (lengths[i] != steps) return refused(NOT_SUPPORTED, "the fake one has sequences of one length");
    }
    if (layout != PACKED) return refused(NOT_SUPPORTED_LAYOUT, "without padding data are packed");
    *data = {layout, steps, batch, width};
    return SUCCESS;
}

API int cudnnGetRNNTempSpaceSizes(void *handle, void *descriptor, int mode, void *data, size_t *work, size_t *reserve) {
    if (int status = device().call("cudnnGetRNNTempSpaceSizes")) return status;
    Rnn *rnn = alive<Rnn>().get(descriptor);
    Data *x = alive<Data>().get(data);
    if (!handles().get(handle) || !rnn || !x || !work || !reserve) return BAD_PARAM;
    *work = workBytes(shapeOf(*x, *rnn));
    *reserve = mode == TRAINING ? reserveBytes(shapeOf(*x, *rnn), *rnn) : 0;
    return SUCCESS;
}

API int cudnnGetRNNWeightSpaceSize(void *handle, void *descriptor, size_t *bytes) {
    if (int status = device().call("cudnnGetRNNWeightSpaceSize")) return status;
    Rnn *rnn = alive<Rnn>().get(descriptor);
    if (!handles().get(handle) || !rnn || !bytes) return BAD_PARAM;
    *bytes = layout(*rnn, -1, nullptr, nullptr);
    return SUCCESS;
}

API int cudnnGetRNNWeightParams(void *handle, void *descriptor, int layer, size_t bytes, const void *space, int id, void *shape,
                                void **matrix, void *biasShape, void **bias) {
    if (int status = device().call("cudnnGetRNNWeightParams")) return status;
    Rnn *rnn = alive<Rnn>().get(descriptor);
    Tensor *ofMatrix = alive<Tensor>().get(shape), *ofBias = alive<Tensor>().get(biasShape);
    if (!handles().get(handle) || !rnn || !ofMatrix || !ofBias || !matrix || !bias || !space) return BAD_PARAM;
    if (layer != 0 || id < 0 || id >= 2 * rnn->gates()) return OUT_OF_BOUND;
    size_t matrixAt = 0, biasAt = SIZE_MAX;
    if (bytes < layout(*rnn, id, &matrixAt, &biasAt)) return SIZE_INSUFFICIENT;
    auto *base = static_cast<char *>(const_cast<void *>(space));
    *matrix = base + matrixAt;
    *bias = biasAt == SIZE_MAX ? nullptr : base + biasAt;
    return SUCCESS;
}

API int cudnnRNNForward(void *handle, void *rnn, int mode, const int32_t *lengths, void *xDesc, const float *x, void *yDesc,
                        float *y, void *hDesc, const float *hx, float *hy, void *cDesc, const float *cx, float *cy,
                        size_t weightBytes, void *weights, size_t workSize, void *work, size_t reserveSize, void *reserve) {
    if (int status = device().call("cudnnRNNForward")) return status;
    Arguments a = {};
    if (int status = consistent(handle, rnn, lengths, xDesc, yDesc, hDesc, a)) return status;
    if ((a.rnn.cell == LSTM && !alive<Tensor>().get(cDesc)) || !y || (mode != INFERENCE && mode != TRAINING)) return BAD_PARAM;
    a.training = mode;
    a.x = x, a.out = y, a.hx = hx, a.hy = hy, a.cx = cx, a.cy = cy;
    a.weights = weights, a.work = work, a.reserve = reserve;
    if (int status = roomy(a, weightBytes, workSize, reserveSize, mode == TRAINING)) return status;
    return begin(handle, "rnn_forward", forward, a);
}

API int cudnnRNNBackwardData_v8(void *handle, void *rnn, const int32_t *lengths, void *yDesc, const float *y, const float *dy,
                                void *xDesc, float *dx, void *hDesc, const float *hx, const float *dhy, float *dhx, void *cDesc,
                                const float *cx, const float *dcy, float *dcx, size_t weightBytes, void *weights,
                                size_t workSize, void *work, size_t reserveSize, void *reserve) {
    if (int status = device().call("cudnnRNNBackwardData_v8")) return status;
    Arguments a = {};
    if (int status = consistent(handle, rnn, lengths, xDesc, yDesc, hDesc, a)) return status;
    if ((a.rnn.cell == LSTM && !alive<Tensor>().get(cDesc)) || !y || !dy || !dx) return NULL_POINTER;
    a.x = dx, a.dx = dx, a.y = y, a.dy = dy, a.hx = hx, a.dhy = dhy, a.dhx = dhx, a.cx = cx, a.dcy = dcy, a.dcx = dcx;
    a.weights = weights, a.work = work, a.reserve = reserve;
    if (int status = roomy(a, weightBytes, workSize, reserveSize, true)) return status;
    return begin(handle, "rnn_backward_data", backwardData, a);
}

API int cudnnRNNBackwardWeights_v8(void *handle, void *rnn, int mode, const int32_t *lengths, void *xDesc, const float *x,
                                   void *hDesc, const float *hx, void *yDesc, const float *y, size_t weightBytes, void *weights,
                                   size_t workSize, void *work, size_t reserveSize, void *reserve) {
    if (int status = device().call("cudnnRNNBackwardWeights_v8")) return status;
    Arguments a = {};
    if (int status = consistent(handle, rnn, lengths, xDesc, yDesc, hDesc, a)) return status;
    if (mode != ADD) return refused(NOT_SUPPORTED, "gradients of weights can only be added");
    if (!y) return NULL_POINTER;
    a.x = x, a.y = y, a.hx = hx;
    a.weights = weights, a.work = work, a.reserve = reserve;
    if (int status = roomy(a, weightBytes, workSize, reserveSize, true)) return status;
    return begin(handle, "rnn_backward_weights", backwardWeights, a);
}
