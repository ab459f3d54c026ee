// The fake cuDNN's engines: some that must never run, because they break a promise and the results show it, and some that
// may.
#include "cudnn_graph.h"

namespace cudnn {
namespace {
enum Note { TENSOR_CORE = 0, REDUCED = 2, NONDETERMINISTIC = 4, WINOGRAD = 5, STRICT_NAN = 9 };
enum Behavior { COMPILED = 0 };

constexpr int64_t TOO_LARGE = 1LL << 33;
constexpr int64_t SOME = 4096;

const std::vector<Engine> ENGINES = {
    {0, "cudnn strict", {STRICT_NAN}, {}, 0},
    {1, "cudnn nondeterministic", {NONDETERMINISTIC}, {}, 0},
    {2, "cudnn large", {}, {}, TOO_LARGE},
    {3, "cudnn tensor", {TENSOR_CORE}, {}, 0},
    {4, "cudnn winograd", {WINOGRAD}, {}, SOME},
    {5, "cudnn reduced", {TENSOR_CORE, REDUCED}, {}, 0},
    {6, "cudnn float", {}, {}, SOME},
    {7, "cudnn compiled", {TENSOR_CORE}, {COMPILED}, 0},
};

bool aligned(const Problem &problem) {
    for (const Tensor *tensor : problem.real()) {
        if (tensor->alignment % 16 != 0) return false;
    }
    return true;
}
} // namespace

const Engine &engine(int index) { return ENGINES.at(static_cast<size_t>(index)); }

std::vector<int> proposed(const Problem &p, int mode) {
    bool wide = p.x.type == Type::F32;
    bool mixed = !wide && (p.direction == FILTER ? p.w.type == Type::F32 : p.add || p.relu);
    if (mixed) {
        // As cuDNN: what mixes types is compiled, and the gradients of filters only for whole vectors of channels.
        bool whole = p.direction != FILTER || (p.x.dims[1] % 8 == 0 && p.w.dims[0] % 8 == 0);
        bool last = p.direction == FILTER; // these come at the very end
        return whole && mode == (last ? 2 : 3) ? std::vector<int>{1, 7} : std::vector<int>{};
    }
    bool grouped = p.x.dims[1] != p.w.dims[1];
    switch (mode) {
        case 3: return grouped ? std::vector<int>{1, 4} : std::vector<int>{1, 2, 4, 5, 3, 6, 0};
        case 1: return grouped && !wide ? std::vector<int>{4, 3} : std::vector<int>{};
        case 2: return {2, 0};
        default: return {};
    }
}

bool supported(const Engine &engine, const Problem &problem, std::string *why) {
    if ((engine.index == 3 || engine.index == 7) && !aligned(problem)) {
        *why = "it loads 16 bytes at once";
        return false;
    }
    return true;
}
} // namespace cudnn
