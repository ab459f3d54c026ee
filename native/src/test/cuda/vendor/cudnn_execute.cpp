// The fake cuDNN runs a plan: each convolution by its definition, in double, through the strides of its tensors.
#include "cudnn_graph.h"

namespace cudnn {
namespace {
constexpr int ILLEGAL_ADDRESS = 700;

struct Task {
    const void *plan;
    Problem problem;
    int engine;
    const char *x, *w, *bias;
    char *y; // whatever is written
    float *workspace;
    int64_t workspaceFloats;
};

struct Window {
    const Problem &p;
    int64_t groups() const { return p.x.dims[1] / p.w.dims[1]; }
    // The row or column of x under a tap, or -1 in the padding.
    int64_t under(int axis, int64_t out, int64_t tap) const {
        int64_t at = out * p.stride[axis] + tap * p.dilation[axis] - p.before[axis];
        return at >= 0 && at < p.x.dims[2 + axis] ? at : -1;
    }
};

int64_t place(const Tensor &t, int64_t n, int64_t c, int64_t h, int64_t w) {
    return n * t.strides[0] + c * t.strides[1] + h * t.strides[2] + w * t.strides[3];
}

float tf32(float value) {
    uint32_t word;
    memcpy(&word, &value, 4);
    word &= 0xffffe000u;
    memcpy(&value, &word, 4);
    return value;
}

// What an engine that must not run does to a result, so that it shows.
double spoiled(int engine, double value) {
    static int run = 0;
    if (engine == 1) return value * (1 + 1e-4 * (++run % 7)) + 1e-3;
    return engine == 2 || engine == 4 || engine == 5 ? value * 1.01 + 0.01 : value;
}

struct Factors {
    const Task &task;
    float operator()(const char *array, const Tensor &tensor, int64_t index) const {
        float value = load(array, index, tensor.type);
        return task.engine == 3 && tensor.type == Type::F32 ? tf32(value) : value;
    }
};

void forward(const Task &task) {
    const Problem &p = task.problem;
    Window window{p};
    Factors factor{task};
    int64_t perGroup = p.w.dims[0] / window.groups();
    for (int64_t n = 0; n < p.y.dims[0]; n++) {
        for (int64_t k = 0; k < p.y.dims[1]; k++) {
            for (int64_t oh = 0; oh < p.y.dims[2]; oh++) {
                for (int64_t ow = 0; ow < p.y.dims[3]; ow++) {
                    double sum = 0;
                    for (int64_t r = 0; r < p.w.dims[2]; r++) {
                        int64_t h = window.under(0, oh, r);
                        for (int64_t s = 0; h >= 0 && s < p.w.dims[3]; s++) {
                            int64_t w = window.under(1, ow, s);
                            for (int64_t c = 0; w >= 0 && c < p.w.dims[1]; c++) {
                                int64_t channel = k / perGroup * p.w.dims[1] + c;
                                sum += static_cast<double>(factor(task.x, p.x, place(p.x, n, channel, h, w))) *
                                       factor(task.w, p.w, place(p.w, k, c, r, s));
                            }
                        }
                    }
                    sum = spoiled(task.engine, sum);
                    if (p.add) sum += load(task.bias, k * p.bias.strides[1], p.bias.type);
                    if (p.relu && !(sum > 0) && !(p.keeps_nan && sum != sum)) sum = 0;
                    store(task.y, place(p.dst, n, k, oh, ow), p.dst.type, static_cast<float>(sum));
                }
            }
        }
    }
}

// Calls `each(n, k, oh, ow, r, s, h, w)` for every pixel of y and tap that meet a pixel of x.
template <class Each>
void meetings(const Problem &p, Each each) {
    Window window{p};
    for (int64_t n = 0; n < p.y.dims[0]; n++)
        for (int64_t oh = 0; oh < p.y.dims[2]; oh++)
            for (int64_t ow = 0; ow < p.y.dims[3]; ow++)
                for (int64_t r = 0; r < p.w.dims[2]; r++)
                    for (int64_t s = 0; s < p.w.dims[3]; s++) {
                        int64_t h = window.under(0, oh, r), w = window.under(1, ow, s);
                        if (h >= 0 && w >= 0) each(n, oh, ow, r, s, h, w);
                    }
}

void write(const Task &task, const Tensor &to, const std::vector<double> &sums) {
    size_t next = 0;
    for (int64_t n = 0; n < to.dims[0]; n++)
        for (int64_t c = 0; c < to.dims[1]; c++)
            for (int64_t h = 0; h < to.dims[2]; h++)
                for (int64_t w = 0; w < to.dims[3]; w++) {
                    float value = static_cast<float>(spoiled(task.engine, sums[next++]));
                    store(task.y, place(to, n, c, h, w), to.type, value);
                }
}

size_t packed(const Tensor &t, int64_t n, int64_t c, int64_t h, int64_t w) {
    return static_cast<size_t>(((n * t.dims[1] + c) * t.dims[2] + h) * t.dims[3] + w);
}

void backward(const Task &task) {
    const Problem &p = task.problem;
    Factors factor{task};
    bool data = p.direction == DATA;
    const Tensor &to = data ? p.x : p.w;
    int64_t perGroup = p.w.dims[0] / Window{p}.groups();
    std::vector<double> sums(static_cast<size_t>(to.dims[0] * to.dims[1] * to.dims[2] * to.dims[3]));
    meetings(p, [&](int64_t n, int64_t oh, int64_t ow, int64_t r, int64_t s, int64_t h, int64_t w) {
        for (int64_t k = 0; k < p.w.dims[0]; k++) {
            double dy = factor(data ? task.x : task.w, p.y, place(p.y, n, k, oh, ow));
            for (int64_t c = 0; c < p.w.dims[1]; c++) {
                int64_t channel = k / perGroup * p.w.dims[1] + c;
                if (data) {
                    sums[packed(to, n, channel, h, w)] += dy * factor(task.w, p.w, place(p.w, k, c, r, s));
                } else {
                    sums[packed(to, k, c, r, s)] += dy * factor(task.x, p.x, place(p.x, n, channel, h, w));
                }
            }
        }
    });
    write(task, to, sums);
}

int run(const void *arguments) {
    const Task &task = *static_cast<const Task *>(arguments);
    const Descriptor *plan = descriptors().get(task.plan);
    if (plan == nullptr || plan->kind != PLAN) {
        // The code of an engine that was compiled is unloaded with its plan.
        device().complain("cudnnBackendExecute: the plan was destroyed before its work was done");
        return ILLEGAL_ADDRESS;
    }
    for (int64_t i = 0; i < task.workspaceFloats; i++) task.workspace[i] = -1e30f; // it is the engine's while this runs
    task.problem.direction == FORWARD ? forward(task) : backward(task);
    return 0;
}
} // namespace
} // namespace cudnn

using namespace cudnn;

// The tensors that a direction reads and writes, in the fields of a task: data reads dy and w, filter reads x and dy.
API int cudnnBackendExecute(void *handle, void *plan, void *pack) {
    if (int status = device().call("cudnnBackendExecute")) return status;
    Handle *known = handles().get(handle);
    Descriptor *p = descriptors().get(plan), *v = descriptors().get(pack);
    if (known == nullptr || p == nullptr || v == nullptr) return refused(NULL_POINTER, "no handle, plan or pack");
    if (p->kind != PLAN || v->kind != PACK) return refused(BAD_PARAM, "no plan, or no pack");
    if (!p->finalized || !v->finalized) return refused(NOT_FINALIZED, "plan or pack is not finalized");
    const Problem &problem = p->problem;
    Task task{};
    task.plan = plan;
    task.problem = problem;
    task.engine = p->engine;
    std::map<int64_t, char *> addresses;
    for (int64_t i = 0; i < (*v)[1000].count; i++) {
        addresses[(*v)[1000].number(i)] = static_cast<char *>((*v)[1001].pointer(i));
    }
    Tensor results[] = {problem.dst, problem.x, problem.w};
    const Tensor &result = results[problem.direction == FORWARD ? 0 : problem.direction == DATA ? 1 : 2];
    for (const Tensor *tensor : problem.real()) {
        char *address = addresses[tensor->id];
        if (address == nullptr) return refused(NULL_POINTER, "no address of tensor " + std::to_string(tensor->id));
        if (reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(tensor->alignment) != 0) {
            return refused(MISALIGNED_POINTER, "tensor " + std::to_string(tensor->id) + " is not aligned as it said");
        }
        if (!device().holds(address, static_cast<size_t>(tensor->bytes()))) {
            return refused(BAD_PARAM, "tensor " + std::to_string(tensor->id) + " is not all in device memory");
        }
    }
    task.y = addresses[result.id];
    task.bias = problem.add ? addresses[problem.bias.id] : nullptr;
    task.x = problem.direction == DATA ? addresses[problem.dst.id] : addresses[problem.x.id];
    task.w = problem.direction == FILTER ? addresses[problem.dst.id] : addresses[problem.w.id];
    int64_t workspace = engine(p->engine).workspace;
    if (workspace > 0) {
        void *given = v->values.count(1003) ? (*v)[1003].pointer() : nullptr;
        if (!device().holds(given, static_cast<size_t>(workspace))) return refused(BAD_PARAM, "no workspace");
        task.workspace = static_cast<float *>(given);
        task.workspaceFloats = workspace / 4;
    }
    int error = device().work(known->stream, engine(p->engine).name, run, &task, sizeof task);
    return error == 0 ? SUCCESS : refused(EXECUTION_FAILED, "the stream refused it");
}
