// The fake cuBLASLt: column-major matrices of floats or 16-bit numbers, sums in double, epilogues with bias and ReLU. It
// is as strict as the documentation allows the real one to be: what that need not accept this one refuses.
#include <utility>

#include "vendor.h"

namespace {
enum Status : int {
    SUCCESS = 0,
    NOT_INITIALIZED = 1,
    ALLOC_FAILED = 3,
    INVALID_VALUE = 7,
    ARCH_MISMATCH = 8,
    EXECUTION_FAILED = 13,
    INTERNAL_ERROR = 14,
    NOT_SUPPORTED = 15
};
constexpr int R_32F = 0, R_16F = 2, R_16BF = 14;
constexpr int COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77;
constexpr int RELU = 2, BIAS = 4;
constexpr int REDUCTION_IN_PLACE = 1, REDUCTION_IN_OUTPUT_TYPE = 4;
constexpr size_t WORKSPACE = 65536; // of the fast algorithm, for products with many terms
constexpr int MISALIGNED_ADDRESS = 716, ILLEGAL_ADDRESS = 700;

struct Handle {};
struct Layout {
    int type;
    uint64_t rows, columns;
    int64_t stride;
    int order = 0, batch = 1;
    int64_t batchStride = 0;
};
struct Operation {
    int compute, scale;
    int transA = 0, transB = 0, epilogue = 1, pointerMode = 0;
    const void *bias = nullptr;
};
struct Preference {
    uint64_t workspace = 0;
    uint32_t reductions = 7;
    uint32_t alignment[4] = {256, 256, 256, 256};
};
// Of cublasLtMatmulAlgo_t's 64 bytes.
struct Algorithm {
    uint64_t magic, problem, workspace;
    uint32_t factors, results, bias, inexact;
};
constexpr uint64_t MAGIC = 0x6761746e6c74616cull;
struct Result {
    union {
        Algorithm algorithm;
        uint64_t data[8];
    };
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
struct Problem {
    Operation operation;
    Layout a, b, c, d;
};
struct Arguments {
    Problem problem;
    Algorithm algorithm;
    float alpha, beta;
    const void *a, *b, *c;
    void *d, *workspace;
};

template <class T> Alive<T> &alive() {
    static auto *one = new Alive<T>();
    return *one;
}

Type typeOf(int type) { return type == R_32F ? Type::F32 : type == R_16F ? Type::F16 : Type::BF16; }

template <class T> int set(T &field, const void *value, size_t bytes) {
    if (value == nullptr || bytes != sizeof field) return INVALID_VALUE;
    memcpy(&field, value, bytes);
    return SUCCESS;
}

bool known(int type) { return type == R_32F || type == R_16F || type == R_16BF; }

bool valid(const Layout &layout) {
    uint64_t length = layout.order == 0 ? layout.rows : layout.columns;
    return known(layout.type) && layout.rows > 0 && layout.columns > 0 && layout.stride >= static_cast<int64_t>(length) &&
           layout.batch > 0;
}

uint64_t rows(const Layout &layout, int transposed) { return transposed ? layout.columns : layout.rows; }
uint64_t columns(const Layout &layout, int transposed) { return transposed ? layout.rows : layout.columns; }

int check(const Problem &p) {
    const Operation &op = p.operation;
    for (const Layout *layout : {&p.a, &p.b, &p.c, &p.d}) {
        if (!valid(*layout) || layout->batch != p.d.batch) return INVALID_VALUE;
        if (layout->order != 0) return NOT_SUPPORTED;
    }
    if (rows(p.a, op.transA) != p.d.rows || columns(p.b, op.transB) != p.d.columns ||
        columns(p.a, op.transA) != rows(p.b, op.transB) || p.c.rows != p.d.rows || p.c.columns != p.d.columns) {
        return INVALID_VALUE;
    }
    bool narrow = p.a.type != R_32F;
    bool types = p.a.type == p.b.type && p.c.type == p.d.type && (p.d.type == p.a.type || (narrow && p.d.type == R_32F)) &&
                 op.scale == R_32F && (op.compute == COMPUTE_32F || (op.compute == COMPUTE_32F_FAST_TF32 && !narrow));
    bool epilogue = (op.epilogue & ~(1 | RELU | BIAS)) == 0 && op.epilogue != 0;
    if (!types || !epilogue || op.pointerMode != 0) return NOT_SUPPORTED;
    // Matrices of a result that overlap each other.
    int64_t span = p.d.stride * static_cast<int64_t>(p.d.columns - 1) + static_cast<int64_t>(p.d.rows);
    if (p.d.batch > 1 && p.d.batchStride < span) return INVALID_VALUE;
    return SUCCESS;
}

uint64_t fingerprint(const Problem &p) {
    uint64_t hash = 1469598103934665603ull;
    auto mix = [&](uint64_t word) { hash = (hash ^ word) * 1099511628211ull; };
    for (const Layout *l : {&p.a, &p.b, &p.c, &p.d}) {
        for (uint64_t word : {static_cast<uint64_t>(l->type), l->rows, l->columns, static_cast<uint64_t>(l->stride),
                              static_cast<uint64_t>(l->batch), static_cast<uint64_t>(l->batchStride)}) {
            mix(word);
        }
    }
    const Operation &op = p.operation;
    for (int word : {op.compute, op.transA, op.transB, op.epilogue}) mix(static_cast<uint64_t>(word));
    return hash;
}

// The largest power of two up to 256 that an address is a multiple of.
uint32_t alignmentOf(const void *address) {
    auto value = reinterpret_cast<uintptr_t>(address) | 256;
    return static_cast<uint32_t>(value & (~value + 1));
}

bool problemOf(Problem &p, const void *operation, const void *a, const void *b, const void *c, const void *d) {
    Operation *op = alive<Operation>().get(operation);
    Layout *la = alive<Layout>().get(a), *lb = alive<Layout>().get(b), *lc = alive<Layout>().get(c), *ld = alive<Layout>().get(d);
    if (!op || !la || !lb || !lc || !ld) return false;
    p = {*op, *la, *lb, *lc, *ld};
    return true;
}

size_t bytesOf(const Layout &l) {
    int64_t one = l.stride * static_cast<int64_t>(l.columns - 1) + static_cast<int64_t>(l.rows);
    return static_cast<size_t>(l.batchStride * (l.batch - 1) + one) * bytesOf(typeOf(l.type));
}

float tf32(float value) {
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    if ((word & 0x7f800000) == 0x7f800000) return value;
    word = (word + 0x0fff + (word >> 13 & 1)) & ~0x1fffu;
    memcpy(&value, &word, sizeof value);
    return value;
}

// On the stream.
int multiply(const void *data) {
    const auto &x = *static_cast<const Arguments *>(data);
    const Operation &op = x.problem.operation;
    const Layout &a = x.problem.a, &b = x.problem.b, &c = x.problem.c, &d = x.problem.d;
    bool bias = op.epilogue & BIAS;
    if (alignmentOf(x.a) < x.algorithm.factors || alignmentOf(x.b) < x.algorithm.factors ||
        alignmentOf(x.d) < x.algorithm.results || (bias && alignmentOf(op.bias) < x.algorithm.bias)) {
        device().complain("cublasLtMatmul: an address is less aligned than its algorithm needs");
        return MISALIGNED_ADDRESS;
    }
    size_t biasBytes = static_cast<size_t>(d.rows) * bytesOf(typeOf(d.type));
    if (!device().holds(x.a, bytesOf(a)) || !device().holds(x.b, bytesOf(b)) || !device().holds(x.d, bytesOf(d)) ||
        (x.beta != 0 && !device().holds(x.c, bytesOf(c))) || (bias && !device().holds(op.bias, biasBytes)) ||
        (x.algorithm.workspace > 0 && !device().holds(x.workspace, x.algorithm.workspace))) {
        device().complain("cublasLtMatmul: a matrix, the bias or the workspace is not all in device memory");
        return ILLEGAL_ADDRESS;
    }
    bool rounded = op.compute == COMPUTE_32F_FAST_TF32;
    auto factor = [&](const void *matrix, const Layout &l, int transposed, uint64_t row, uint64_t column, int64_t from) {
        if (transposed) std::swap(row, column);
        float value = load(matrix, from + static_cast<int64_t>(row) + static_cast<int64_t>(column) * l.stride, typeOf(l.type));
        return rounded ? tf32(value) : value;
    };
    static int launches = 0; // what is summed up in no fixed order differs from run to run
    float noise = x.algorithm.inexact ? static_cast<float>(++launches % 8) * 1e-6f : 0;
    for (int batch = 0; batch < d.batch; batch++) {
        for (uint64_t j = 0; j < d.columns; j++) {
            for (uint64_t i = 0; i < d.rows; i++) {
                double sum = 0;
                for (uint64_t k = 0; k < columns(a, op.transA); k++) {
                    sum += static_cast<double>(factor(x.a, a, op.transA, i, k, batch * a.batchStride)) *
                           factor(x.b, b, op.transB, k, j, batch * b.batchStride);
                }
                double value = x.alpha * sum * (1 + noise);
                int64_t at = static_cast<int64_t>(i + j * static_cast<uint64_t>(d.stride)) + batch * d.batchStride;
                int64_t old = static_cast<int64_t>(i + j * static_cast<uint64_t>(c.stride)) + batch * c.batchStride;
                if (x.beta != 0) value += static_cast<double>(x.beta) * load(x.c, old, typeOf(c.type));
                if (bias) value += load(op.bias, static_cast<int64_t>(i), typeOf(d.type));
                if ((op.epilogue & RELU) && value < 0) value = 0;
                store(x.d, at, typeOf(d.type), static_cast<float>(value));
            }
        }
    }
    if (x.algorithm.workspace > 0) memset(x.workspace, 0xff, x.algorithm.workspace); // nothing else may lie there
    return 0;
}
} // namespace

API size_t cublasLtGetVersion() { return 130100; }

API const char *cublasLtGetStatusName(int status) {
    switch (status) {
        case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
        case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        default: return "CUBLAS_STATUS_UNKNOWN";
    }
}

API int cublasLtCreate(void **handle) {
    if (int status = device().call("cublasLtCreate")) return status;
    if (handle == nullptr) return INVALID_VALUE;
    *handle = alive<Handle>().make();
    return SUCCESS;
}

API int cublasLtDestroy(void *handle) {
    if (int status = device().call("cublasLtDestroy")) return status;
    return alive<Handle>().end(handle) ? SUCCESS : NOT_INITIALIZED;
}

API int cublasLtMatmulDescCreate(void **out, int compute, int scale) {
    if (int status = device().call("cublasLtMatmulDescCreate")) return status;
    if (out == nullptr) return INVALID_VALUE;
    Operation *operation = alive<Operation>().make();
    operation->compute = compute, operation->scale = scale;
    *out = operation;
    return SUCCESS;
}

API int cublasLtMatmulDescDestroy(void *descriptor) {
    if (int status = device().call("cublasLtMatmulDescDestroy")) return status;
    return alive<Operation>().end(descriptor) ? SUCCESS : INVALID_VALUE;
}

API int cublasLtMatmulDescSetAttribute(void *descriptor, int attribute, const void *value, size_t bytes) {
    if (int status = device().call("cublasLtMatmulDescSetAttribute")) return status;
    Operation *operation = alive<Operation>().get(descriptor);
    if (operation == nullptr) return INVALID_VALUE;
    switch (attribute) {
        case 0: return set(operation->compute, value, bytes);
        case 1: return set(operation->scale, value, bytes);
        case 2: return set(operation->pointerMode, value, bytes);
        case 3: return set(operation->transA, value, bytes);
        case 4: return set(operation->transB, value, bytes);
        case 7: return set(operation->epilogue, value, bytes);
        case 8: return set(operation->bias, value, bytes);
        default: return INVALID_VALUE;
    }
}

API int cublasLtMatrixLayoutCreate(void **out, int type, uint64_t rows, uint64_t columns, int64_t stride) {
    if (int status = device().call("cublasLtMatrixLayoutCreate")) return status;
    if (out == nullptr) return INVALID_VALUE;
    Layout *layout = alive<Layout>().make();
    layout->type = type, layout->rows = rows, layout->columns = columns, layout->stride = stride;
    *out = layout;
    return SUCCESS;
}

API int cublasLtMatrixLayoutDestroy(void *layout) {
    if (int status = device().call("cublasLtMatrixLayoutDestroy")) return status;
    return alive<Layout>().end(layout) ? SUCCESS : INVALID_VALUE;
}

API int cublasLtMatrixLayoutSetAttribute(void *descriptor, int attribute, const void *value, size_t bytes) {
    if (int status = device().call("cublasLtMatrixLayoutSetAttribute")) return status;
    Layout *layout = alive<Layout>().get(descriptor);
    if (layout == nullptr) return INVALID_VALUE;
    switch (attribute) {
        case 1: return set(layout->order, value, bytes);
        case 5: return set(layout->batch, value, bytes);
        case 6: return set(layout->batchStride, value, bytes);
        default: return INVALID_VALUE;
    }
}

API int cublasLtMatmulPreferenceCreate(void **out) {
    if (int status = device().call("cublasLtMatmulPreferenceCreate")) return status;
    if (out == nullptr) return INVALID_VALUE;
    *out = alive<Preference>().make();
    return SUCCESS;
}

API int cublasLtMatmulPreferenceDestroy(void *preference) {
    if (int status = device().call("cublasLtMatmulPreferenceDestroy")) return status;
    return alive<Preference>().end(preference) ? SUCCESS : INVALID_VALUE;
}

API int cublasLtMatmulPreferenceSetAttribute(void *descriptor, int attribute, const void *value, size_t bytes) {
    if (int status = device().call("cublasLtMatmulPreferenceSetAttribute")) return status;
    Preference *preference = alive<Preference>().get(descriptor);
    if (preference == nullptr) return INVALID_VALUE;
    switch (attribute) {
        case 1: return set(preference->workspace, value, bytes);
        case 3: return set(preference->reductions, value, bytes);
        case 5: case 6: case 7: case 8: return set(preference->alignment[attribute - 5], value, bytes);
        default: return INVALID_VALUE;
    }
}

// A first answer that is of no use, then the algorithm.
API int cublasLtMatmulAlgoGetHeuristic(void *handle, void *operation, void *a, void *b, void *c, void *d, void *preference,
                                       int requested, Result *results, int *count) {
    if (int status = device().call("cublasLtMatmulAlgoGetHeuristic")) return status;
    if (alive<Handle>().get(handle) == nullptr) return NOT_INITIALIZED;
    Problem problem;
    Preference *preferred = alive<Preference>().get(preference);
    if (!problemOf(problem, operation, a, b, c, d) || preferred == nullptr || requested < 1 || !results || !count) {
        return INVALID_VALUE;
    }
    *count = 0;
    if (int status = check(problem)) return status;
    const uint32_t *alignment = preferred->alignment;
    uint32_t size = static_cast<uint32_t>(bytesOf(typeOf(problem.a.type))), out = static_cast<uint32_t>(bytesOf(typeOf(problem.d.type)));
    if (alignment[0] < size || alignment[1] < size || alignment[2] < out || alignment[3] < out) return INVALID_VALUE;
    uint32_t bias = problem.operation.epilogue & BIAS ? alignmentOf(problem.operation.bias) : 16;
    bool fast = alignment[0] >= 16 && alignment[1] >= 16 && alignment[2] >= 16 && alignment[3] >= 16 && bias >= 16;
    bool cut = preferred->workspace >= WORKSPACE && columns(problem.a, problem.operation.transA) >= 64;
    memset(results, 0, static_cast<size_t>(requested) * sizeof *results);
    if (requested > 1) results[(*count)++].state = NOT_SUPPORTED;
    Result &result = results[(*count)++];
    result.workspace = cut ? WORKSPACE : 0;
    result.algorithm = {MAGIC, fingerprint(problem), result.workspace, fast ? 16 : size, fast ? 16 : out, fast ? 16u : 4u, 0};
    // Sums in slices: in place they come in any order, in the output's type they are rounded on the way.
    result.algorithm.inexact = (preferred->reductions & (REDUCTION_IN_PLACE | REDUCTION_IN_OUTPUT_TYPE)) != 0;
    result.waves = 1;
    return SUCCESS;
}

API int cublasLtMatmul(void *handle, void *operation, const float *alpha, const void *a, void *la, const void *b, void *lb,
                       const float *beta, const void *c, void *lc, void *d, void *ld, const Algorithm *algorithm,
                       void *workspace, size_t workspaceBytes, void *stream) {
    if (int status = device().call("cublasLtMatmul")) return status;
    if (device().fault()) return EXECUTION_FAILED;
    if (alive<Handle>().get(handle) == nullptr) return NOT_INITIALIZED;
    Problem problem;
    if (!problemOf(problem, operation, la, lb, lc, ld) || !alpha || !beta || !a || !b || !d || !algorithm) return INVALID_VALUE;
    if (int status = check(problem)) return status;
    if (algorithm->magic != MAGIC || algorithm->problem != fingerprint(problem)) return INVALID_VALUE;
    if (algorithm->workspace > workspaceBytes || (algorithm->workspace > 0 && alignmentOf(workspace) < 256)) return INVALID_VALUE;
    if (c == d && (problem.c.stride != problem.d.stride || problem.c.batchStride != problem.d.batchStride)) return INVALID_VALUE;
    if ((problem.operation.epilogue & BIAS) && problem.operation.bias == nullptr) return INVALID_VALUE;
    Arguments arguments = {problem, *algorithm, *alpha, *beta, a, b, c, d, workspace};
    const char *name = algorithm->factors >= 16 ? "matmul_aligned" : "matmul_any";
    return device().work(stream, name, multiply, &arguments, sizeof arguments) ? EXECUTION_FAILED : SUCCESS;
}
