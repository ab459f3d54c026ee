// The fake cuDNN's descriptors: which attributes each kind takes, of which type and how many, and what cuDNN checks when
// one is finished. As strict as cuDNN, and where cuDNN would follow a wrong pointer it says so and refuses.
#include <stdio.h>

#include "cudnn_graph.h"

namespace cudnn {
Alive<Descriptor> &descriptors() {
    static auto *all = new Alive<Descriptor>();
    return *all;
}

namespace {
enum ValueType : int {
    HANDLE = 0,
    DATA_TYPE = 1,
    BOOLEAN = 2,
    INT64 = 3,
    FLOAT = 4,
    POINTER = 6,
    CONVOLUTION_MODE = 7,
    HEURISTIC_MODE = 8,
    NAN_PROPAGATION = 10,
    NUMERICAL_NOTE = 11,
    POINTWISE_MODE = 14,
    DESCRIPTOR = 15,
    BEHAVIOR_NOTE = 19,
};

size_t width(int type) {
    switch (type) {
        case BOOLEAN: return 1;
        case HANDLE:
        case INT64:
        case POINTER:
        case DESCRIPTOR: return 8;
        default: return 4;
    }
}

struct Rule {
    int attribute, type;
    int64_t most;
    bool required;
    int of; // the kind of descriptors that are taken; -1 for operations
};

const std::vector<Rule> &rules(Kind kind) {
    static const std::vector<Rule> none;
    static const std::map<Kind, std::vector<Rule>> all = {
        {TENSOR,
         {{900, INT64, 1, true, 0},
          {901, DATA_TYPE, 1, true, 0},
          {902, INT64, 8, true, 0},
          {903, INT64, 8, true, 0},
          {906, INT64, 1, true, 0},
          {907, BOOLEAN, 1, false, 0}}},
        {CONVOLUTION,
         {{100, DATA_TYPE, 1, true, 0},
          {101, CONVOLUTION_MODE, 1, true, 0},
          {102, INT64, 8, true, 0},
          {103, INT64, 8, true, 0},
          {104, INT64, 8, true, 0},
          {105, INT64, 8, true, 0},
          {106, INT64, 1, true, 0}}},
        {FORWARD,
         {{700, FLOAT, 1, true, 0},
          {701, FLOAT, 1, true, 0},
          {702, DESCRIPTOR, 1, true, CONVOLUTION},
          {703, DESCRIPTOR, 1, true, TENSOR},
          {704, DESCRIPTOR, 1, true, TENSOR},
          {705, DESCRIPTOR, 1, true, TENSOR}}},
        {DATA,
         {{706, FLOAT, 1, true, 0},
          {707, FLOAT, 1, true, 0},
          {708, DESCRIPTOR, 1, true, CONVOLUTION},
          {709, DESCRIPTOR, 1, true, TENSOR},
          {710, DESCRIPTOR, 1, true, TENSOR},
          {711, DESCRIPTOR, 1, true, TENSOR}}},
        {FILTER,
         {{712, FLOAT, 1, true, 0},
          {713, FLOAT, 1, true, 0},
          {714, DESCRIPTOR, 1, true, CONVOLUTION},
          {715, DESCRIPTOR, 1, true, TENSOR},
          {716, DESCRIPTOR, 1, true, TENSOR},
          {717, DESCRIPTOR, 1, true, TENSOR}}},
        {POINTWISE, {{0, POINTWISE_MODE, 1, true, 0}, {1, DATA_TYPE, 1, true, 0}, {2, NAN_PROPAGATION, 1, false, 0}}},
        {POINTWISE_OPERATION,
         {{750, DESCRIPTOR, 1, true, POINTWISE},
          {751, DESCRIPTOR, 1, true, TENSOR},
          {752, DESCRIPTOR, 1, false, TENSOR},
          {753, DESCRIPTOR, 1, true, TENSOR}}},
        {GRAPH, {{800, HANDLE, 1, true, 0}, {801, DESCRIPTOR, 8, true, -1}}},
        {HEURISTICS, {{200, HEURISTIC_MODE, 1, true, 0}, {201, DESCRIPTOR, 1, true, GRAPH}}},
        {PLAN, {{400, HANDLE, 1, true, 0}, {401, DESCRIPTOR, 1, true, CONFIGURATION}}},
        {PACK, {{1000, INT64, 64, true, 0}, {1001, POINTER, 64, true, 0}, {1003, POINTER, 1, false, 0}}},
        {ENGINE, {}},
        {CONFIGURATION, {}},
    };
    auto found = all.find(kind);
    return found == all.end() ? none : found->second;
}

bool known(int kind) {
    for (Kind one : {POINTWISE, CONVOLUTION, ENGINE, CONFIGURATION, HEURISTICS, PLAN, FORWARD, FILTER, DATA,
                     POINTWISE_OPERATION, GRAPH, PACK, TENSOR}) {
        if (one == kind) return true;
    }
    return false;
}

bool isOperation(Kind kind) {
    return kind == FORWARD || kind == DATA || kind == FILTER || kind == POINTWISE_OPERATION;
}

int crash(const std::string &what) {
    device().complain(("cuDNN would end the process: " + what).c_str());
    return refused(BAD_PARAM, what);
}

int finishTensor(Descriptor &d) {
    const Value &dims = d[902], &strides = d[903];
    if (dims.count != 4 || strides.count != 4) return refused(NOT_SUPPORTED_SHAPE, "the fake has 4 dimensions");
    Tensor &t = d.tensor;
    switch (d[901].number()) {
        case 0: t.type = Type::F32; break;
        case 2: t.type = Type::F16; break;
        case 9: t.type = Type::BF16; break;
        default: return refused(NOT_SUPPORTED_DATA_TYPE, "a type that the fake has not");
    }
    t.id = d[906].number();
    t.alignment = d[900].number();
    t.is_virtual = d.values.count(907) && d[907].number();
    for (int i = 0; i < 4; i++) {
        t.dims[i] = dims.number(i);
        t.strides[i] = strides.number(i);
        if (t.dims[i] <= 0 || t.strides[i] <= 0) return refused(BAD_PARAM, "a dimension or stride is not positive");
    }
    if (t.alignment <= 0 || t.alignment % bytesOf(t.type) != 0) {
        return refused(BAD_PARAM, "the alignment is no multiple of the type's size");
    }
    return SUCCESS;
}

int finishConvolution(Descriptor &d) {
    if (d[106].number() != 2) return refused(NOT_SUPPORTED_SHAPE, "the fake has two spatial dimensions");
    for (int array : {102, 103, 104, 105}) {
        if (d[array].count != 2) return refused(BAD_PARAM, "an array is not as long as there are spatial dimensions");
        for (int i = 0; i < 2; i++) {
            if (d[array].number(i) < (array <= 103 ? 1 : 0)) return refused(BAD_PARAM, "a negative value");
        }
    }
    if (d[100].number() != 0) return refused(NOT_SUPPORTED_DATA_TYPE, "the fake computes in float");
    return d[101].number() == 1 ? SUCCESS : refused(NOT_SUPPORTED, "the fake has cross-correlation alone");
}

int finishOperation(Descriptor &d, int conv, int x, int w, int y, int alpha, int beta) {
    const Descriptor &c = *d.descriptor(conv);
    Problem &p = d.problem;
    p.direction = d.kind;
    p.x = d.descriptor(x)->tensor;
    p.w = d.descriptor(w)->tensor;
    p.y = p.dst = d.descriptor(y)->tensor;
    float scales[2];
    memcpy(&scales[0], d[alpha].bytes.data(), 4);
    memcpy(&scales[1], d[beta].bytes.data(), 4);
    if (scales[0] != 1 || scales[1] != 0) return refused(NOT_SUPPORTED, "the fake has alpha = 1 and beta = 0");
    if (p.x.dims[0] != p.y.dims[0]) return refused(BAD_PARAM, "x and y have different batches");
    if (p.w.dims[0] != p.y.dims[1]) return refused(BAD_PARAM, "w and y have different channels");
    if (p.x.dims[1] % p.w.dims[1] != 0 || p.w.dims[0] % (p.x.dims[1] / p.w.dims[1]) != 0) {
        return refused(BAD_PARAM, "the channels make no groups");
    }
    for (int i = 0; i < 2; i++) {
        p.dilation[i] = c[102].number(i);
        p.stride[i] = c[103].number(i);
        p.before[i] = c[105].number(i);
        int64_t room = p.x.dims[2 + i] + p.before[i] + c[104].number(i) - p.dilation[i] * (p.w.dims[2 + i] - 1) - 1;
        if (room < 0 || room / p.stride[i] + 1 != p.y.dims[2 + i]) return refused(BAD_PARAM, "y is not of that size");
    }
    return SUCCESS;
}

int finishGraph(Descriptor &d) {
    if (handles().get(d[800].pointer()) == nullptr) return refused(BAD_PARAM, "no handle");
    const Value &operations = d[801];
    const Descriptor *first = d.descriptor(801);
    if (first->kind == POINTWISE_OPERATION) return refused(NOT_SUPPORTED, "the fake's graphs begin with a convolution");
    d.problem = first->problem;
    Problem &p = d.problem;
    p.handle = d[800].pointer();
    for (int64_t i = 1; i < operations.count; i++) {
        const Descriptor &next = *d.descriptor(801, i);
        if (next.kind != POINTWISE_OPERATION || p.direction != FORWARD) return refused(NOT_SUPPORTED, "this pattern");
        const Descriptor &math = *next.descriptor(750);
        const Tensor &from = next.descriptor(751)->tensor;
        bool relu = math[0].number() == 100;
        if (from.id != p.dst.id || !from.is_virtual || p.relu || (!relu && p.add)) {
            return refused(NOT_SUPPORTED, "operations that are no chain of convolution, sum and ReLU");
        }
        if (!relu) {
            p.bias = next.descriptor(752)->tensor;
            if (p.bias.dims[1] != from.dims[1] || p.bias.dims[0] * p.bias.dims[2] * p.bias.dims[3] != 1) {
                return refused(NOT_SUPPORTED_SHAPE, "the fake adds a number a channel");
            }
        }
        (relu ? p.relu : p.add) = true;
        p.keeps_nan = relu && math.values.count(2) && math[2].number() == 1;
        p.dst = next.descriptor(753)->tensor;
        if (memcmp(p.dst.dims, from.dims, sizeof from.dims) != 0) return refused(BAD_PARAM, "dst is of another size");
    }
    if (p.dst.is_virtual) return refused(NOT_SUPPORTED, "a result that lies nowhere");
    std::set<int64_t> ids;
    for (const Tensor *tensor : p.real()) ids.insert(tensor->id);
    return ids.size() == p.real().size() ? SUCCESS : refused(BAD_PARAM, "two tensors of one number");
}

int finish(Descriptor &d) {
    for (const Rule &rule : rules(d.kind)) {
        auto value = d.values.find(rule.attribute);
        if (value == d.values.end()) {
            if (rule.required) return refused(BAD_PARAM, "attribute " + std::to_string(rule.attribute) + " is not set");
        } else if (rule.type == DESCRIPTOR) {
            for (int64_t i = 0; i < value->second.count; i++) {
                Descriptor *used = d.descriptor(rule.attribute, i);
                if (used == nullptr) return crash("a descriptor was destroyed before what uses it");
                if (!used->finalized) return refused(NOT_FINALIZED, "a descriptor in use is not finalized");
            }
        }
    }
    switch (d.kind) {
        case TENSOR: return finishTensor(d);
        case CONVOLUTION: return finishConvolution(d);
        case FORWARD: return finishOperation(d, 702, 704, 703, 705, 700, 701);
        case DATA: return finishOperation(d, 708, 710, 709, 711, 706, 707);
        case FILTER: return finishOperation(d, 714, 716, 715, 717, 712, 713);
        case POINTWISE:
            if (d[0].number() != 0 && d[0].number() != 100) return refused(NOT_SUPPORTED, "the fake has sum and ReLU");
            return d[1].number() == 0 ? SUCCESS : refused(NOT_SUPPORTED_DATA_TYPE, "the fake computes in float");
        case POINTWISE_OPERATION:
            return (d.descriptor(750)->values.at(0).number() == 0) == (d.values.count(752) == 1)
                           ? SUCCESS
                           : refused(BAD_PARAM, "a second input where there is none, or none where there is one");
        case GRAPH: return finishGraph(d);
        case HEURISTICS:
            d.problem = d.descriptor(201)->problem;
            d.mode = static_cast<int>(d[200].number());
            return SUCCESS;
        case PLAN: {
            d.problem = d.descriptor(401)->problem;
            d.engine = d.descriptor(401)->engine;
            if (d[400].pointer() != d.problem.handle) return refused(BAD_PARAM, "another handle than the graph's");
            std::string why;
            return supported(engine(d.engine), d.problem, &why) ? SUCCESS : refused(NOT_SUPPORTED, why);
        }
        case PACK:
            return d[1000].count == d[1001].count ? SUCCESS : refused(BAD_PARAM, "ptrs_count != uids_count");
        default: return refused(BAD_PARAM, "descriptors of this kind are made by cuDNN");
    }
}

template <class T>
int give(const std::vector<T> &values, int64_t room, int64_t *count, void *array) {
    *count = static_cast<int64_t>(values.size());
    if (array != nullptr && !values.empty()) {
        size_t given = values.size() < static_cast<size_t>(room) ? values.size() : static_cast<size_t>(room);
        memcpy(array, values.data(), given * sizeof(T));
    }
    return SUCCESS;
}

// Makes what was only created the result of a query.
int fill(void *pointer, Kind kind, const Problem &problem, int engine) {
    Descriptor *d = descriptors().get(pointer);
    if (d == nullptr || d->kind != kind) return crash("a result of another kind");
    d->problem = problem;
    d->engine = engine;
    d->finalized = true;
    return SUCCESS;
}
} // namespace

int64_t Tensor::bytes() const {
    int64_t last = 0;
    for (int i = 0; i < 4; i++) last += (dims[i] - 1) * strides[i];
    return (last + 1) * static_cast<int64_t>(bytesOf(type));
}

std::vector<const Tensor *> Problem::real() const {
    std::vector<const Tensor *> all = {&x, &w, &dst};
    if (add) all.push_back(&bias);
    return all;
}

int64_t Value::number(int64_t index) const {
    size_t size = width(type);
    int64_t wide = 0;
    int32_t narrow = 0;
    const char *at = bytes.data() + static_cast<size_t>(index) * size;
    if (size == 1) return *at;
    if (size == 4) {
        memcpy(&narrow, at, 4);
        return narrow;
    }
    memcpy(&wide, at, 8);
    return wide;
}

void *Value::pointer(int64_t index) const { return reinterpret_cast<void *>(number(index)); }

Descriptor *Descriptor::descriptor(int attribute, int64_t index) const {
    return descriptors().get(values.at(attribute).pointer(index));
}
} // namespace cudnn

using namespace cudnn;

API int cudnnBackendCreateDescriptor(int kind, void **descriptor) {
    if (int status = device().call("cudnnBackendCreateDescriptor")) return status;
    if (descriptor == nullptr) return NULL_POINTER;
    if (!known(kind)) return refused(NOT_SUPPORTED, "a kind that the fake has not");
    Descriptor *made = descriptors().make();
    made->kind = static_cast<Kind>(kind);
    *descriptor = made;
    return SUCCESS;
}

API int cudnnBackendDestroyDescriptor(void *descriptor) {
    int status = device().call("cudnnBackendDestroyDescriptor"); // one that fails takes the descriptor along
    return !descriptors().end(descriptor) ? crash("a descriptor destroyed twice") : status;
}

API int cudnnBackendSetAttribute(void *pointer, int attribute, int type, int64_t count, const void *array) {
    if (int status = device().call("cudnnBackendSetAttribute")) return status;
    Descriptor *d = descriptors().get(pointer);
    if (d == nullptr) return crash("no descriptor");
    if (d->finalized) return refused(BAD_PARAM, "the descriptor is finalized");
    for (const Rule &rule : rules(d->kind)) {
        if (rule.attribute != attribute) continue;
        if (rule.type != type) return refused(ATTRIBUTE_TYPE, "an attribute of another type");
        if (count < 1 || count > rule.most || array == nullptr) return refused(BAD_PARAM, "1 != elemCount");
        Value value{type, count, std::vector<char>(static_cast<size_t>(count) * width(type))};
        memcpy(value.bytes.data(), array, value.bytes.size());
        for (int64_t i = 0; type == DESCRIPTOR && i < count; i++) {
            Descriptor *used = descriptors().get(value.pointer(i));
            bool fits = used != nullptr && (rule.of == -1 ? isOperation(used->kind) : used->kind == rule.of);
            if (!fits) return crash("a descriptor of another kind as attribute " + std::to_string(attribute));
        }
        d->values[attribute] = value;
        return SUCCESS;
    }
    return refused(BAD_PARAM, "no attribute of this descriptor");
}

API int cudnnBackendFinalize(void *pointer) {
    if (int status = device().call("cudnnBackendFinalize")) return status;
    Descriptor *d = descriptors().get(pointer);
    if (d == nullptr) return crash("no descriptor");
    if (d->finalized) return refused(BAD_PARAM, "the descriptor is finalized");
    int status = finish(*d);
    d->finalized = status == SUCCESS;
    return status;
}

API int cudnnBackendGetAttribute(void *pointer, int attribute, int type, int64_t room, int64_t *count, void *array) {
    if (int status = device().call("cudnnBackendGetAttribute")) return status;
    Descriptor *d = descriptors().get(pointer);
    if (d == nullptr) return crash("no descriptor");
    if (!d->finalized) return refused(NOT_INITIALIZED, "the descriptor is not finalized");
    if (count == nullptr) return NULL_POINTER;
    if (d->kind == HEURISTICS && attribute == 202 && type == DESCRIPTOR) {
        std::vector<int> engines = proposed(d->problem, d->mode);
        *count = static_cast<int64_t>(engines.size());
        if (room == 0) { // cuDNN counts some here that it then does not give
            *count += engines.empty() ? 0 : 1;
            return SUCCESS;
        }
        for (int64_t i = 0; i < *count && i < room; i++) {
            if (int status = fill(static_cast<void **>(array)[i], CONFIGURATION, d->problem, engines[i])) return status;
        }
        return SUCCESS;
    }
    if (d->kind == CONFIGURATION && attribute == 300 && type == DESCRIPTOR && room == 1) {
        *count = 1;
        return fill(*static_cast<void **>(array), ENGINE, d->problem, d->engine);
    }
    if (d->kind == ENGINE && attribute == 1301 && type == INT64) {
        return give(std::vector<int64_t>{d->engine}, room, count, array);
    }
    if (d->kind == ENGINE && attribute == 1303 && type == NUMERICAL_NOTE) {
        return give(engine(d->engine).notes, room, count, array);
    }
    if (d->kind == ENGINE && attribute == 1305 && type == BEHAVIOR_NOTE) {
        return give(engine(d->engine).behaviors, room, count, array);
    }
    if (d->kind == PLAN && attribute == 402 && type == INT64) {
        return give(std::vector<int64_t>{engine(d->engine).workspace}, room, count, array);
    }
    return refused(BAD_PARAM, "no attribute to ask for, or of another type");
}
