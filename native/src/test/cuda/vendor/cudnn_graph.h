// The fake cuDNN's descriptors, and the one problem that its graphs may describe: a convolution, with what follows it.
#ifndef GATUN_FAKE_CUDNN_GRAPH_H
#define GATUN_FAKE_CUDNN_GRAPH_H
#include <map>
#include <vector>

#include "cudnn.h"

namespace cudnn {
enum Kind : int {
    POINTWISE = 0,
    CONVOLUTION = 1,
    ENGINE = 2,
    CONFIGURATION = 3,
    HEURISTICS = 4,
    PLAN = 5,
    FORWARD = 10,
    FILTER = 11,
    DATA = 12,
    POINTWISE_OPERATION = 13,
    GRAPH = 15,
    PACK = 16,
    TENSOR = 17,
};

struct Tensor {
    int64_t id, alignment, dims[4], strides[4]; // N, C, H, W
    Type type;
    bool is_virtual;
    int64_t bytes() const;
};

// Copied into each launch, with its addresses.
struct Problem {
    Kind direction;
    Tensor x, w, y, bias, dst; // dst is y where nothing follows the convolution
    int64_t dilation[2], stride[2], before[2];
    bool add, relu, keeps_nan;
    void *handle;
    // Those that lie somewhere, in any order.
    std::vector<const Tensor *> real() const;
};

struct Value {
    int type;
    int64_t count;
    std::vector<char> bytes;
    int64_t number(int64_t index = 0) const;
    void *pointer(int64_t index = 0) const;
};

struct Descriptor {
    Kind kind;
    bool finalized = false;
    std::map<int, Value> values;
    Tensor tensor{};
    Problem problem{}; // of an operation, a graph, and what was made of one
    int mode = -1;
    int engine = -1;
    const Value &operator[](int attribute) const { return values.at(attribute); }
    Descriptor *descriptor(int attribute, int64_t index = 0) const;
};
Alive<Descriptor> &descriptors();

// ---- cudnn_engines.cpp
struct Engine {
    int index;
    const char *name;
    std::vector<int> notes, behaviors;
    int64_t workspace;
};
const Engine &engine(int index);
// Those proposed for a problem, in order.
std::vector<int> proposed(const Problem &problem, int mode);
// Whether a plan of it can be finished; else why not.
bool supported(const Engine &engine, const Problem &problem, std::string *why);
} // namespace cudnn
#endif
