// Rows of a table by their indices, and gradients back into them. Forward moves 8 bytes an element and nothing else:
// memory bound. Backward adds into each row of the table in the order of the indices, as the CPU does and to its bits: one warp
// has a row to itself and looks for it in the indices, so there is no atomic addition and nothing to sort. Looking costs
// 4 bytes from the cache for each index and warp, which the host bounds by the choice of what has a warp: each row of the
// table, or each index, of which all but the first with its value stop where they meet an equal one. In 16-bit storage the
// table and its gradient stay float, and rows and their gradients are half the bytes.
#include "gatun.h"
#include "gatun_fault.h"

namespace {

// Columns that a lane keeps in registers while its warp goes through the indices.
constexpr int COLUMNS = 8;
// Gradients that are on their way at once, for a row that is found often: 32 loads a lane.
constexpr int AT_ONCE = 4;
constexpr int TILE = 32 * COLUMNS;

GATUN_FN bool outside(int index, int vocabulary) {
    return (unsigned) index >= (unsigned) vocabulary;
}

// diffTable[row] += diffDst[i] for all i from `first` on with that index, for one tile of columns.
template <typename T>
GATUN_FN void add_up(const int* indices, const T* diffDst, float* diffTable, long long count, int dim, int row, int tile,
                     long long first) {
    int lane = threadIdx.x % 32;
    int column = tile * TILE + lane;
    float* to = diffTable + (long long) row * dim;
    float sums[COLUMNS] = {};
    bool found = false;
    for (long long base = first / 32 * 32; base < count; base += 32) {
        long long i = base + lane;
        unsigned equal = __ballot_sync(0xffffffffu, i >= first && i < count && indices[i] == row);
        if (equal && !found) {
            found = true;
            for (int k = 0; k < COLUMNS; k++) {
                sums[k] = column + 32 * k < dim ? to[column + 32 * k] : 0.0f;
            }
        }
        while (equal) {
            float terms[AT_ONCE][COLUMNS];
            bool there[AT_ONCE];
            for (int j = 0; j < AT_ONCE; j++) {
                there[j] = equal != 0;
                const T* from = diffDst + (there[j] ? base + __ffs((int) equal) - 1 : 0) * dim;
                for (int k = 0; k < COLUMNS; k++) {
                    terms[j][k] = there[j] && column + 32 * k < dim ? gatun_load(from + column + 32 * k) : 0.0f;
                }
                equal &= equal - 1;
            }
            for (int j = 0; j < AT_ONCE; j++) {
                for (int k = 0; k < COLUMNS; k++) {
                    sums[k] = there[j] ? sums[k] + terms[j][k] : sums[k];
                }
            }
        }
    }
    for (int k = 0; k < COLUMNS && found; k++) {
        if (column + 32 * k < dim) {
            to[column + 32 * k] = sums[k];
        }
    }
}

// dst[i] = table[indices[i]]: `lanes` lanes, a power of two up to 32, have an index.
template <typename T>
GATUN_FN void embedding(const int* __restrict__ indices, const float* __restrict__ table, T* __restrict__ dst,
                        long long count, int vocabulary, int dim, int lanes, gatun_fault* fault, int code) {
    long long i = gatun_thread() >> (__ffs(lanes) - 1);
    int lane = threadIdx.x & (lanes - 1);
    if (i >= count) {
        return;
    }
    int index = indices[i];
    if (outside(index, vocabulary)) {
        if (lane == 0) {
            gatun_report(fault, code, i, index);
        }
        return;
    }
    const float* from = table + (long long) index * dim;
    T* to = dst + i * dim;
    if (dim % 4 == 0 && gatun_wide(table, dst)) {
        for (int d = 4 * lane; d < dim; d += 4 * lanes) {
            gatun_store4(to + d, gatun_load4(from + d));
        }
    } else {
        for (int d = lane; d < dim; d += lanes) {
            gatun_store(to + d, from[d]);
        }
    }
}

// A warp for each row of the table and each tile of columns: for a table that is shorter than the indices.
template <typename T>
GATUN_FN void embedding_backward_rows(const int* __restrict__ indices, const T* __restrict__ diffDst,
                                      float* __restrict__ diffTable, long long count, int vocabulary, int dim, int tiles,
                                      gatun_fault* fault, int code) {
    long long warp = gatun_thread() / 32;
    GATUN_FOR(i, count) {
        if (outside(indices[i], vocabulary)) {
            gatun_report(fault, code, i, indices[i]);
        }
    }
    if (warp / tiles < vocabulary) {
        add_up(indices, diffDst, diffTable, count, dim, (int) (warp / tiles), (int) (warp % tiles), 0);
    }
}

// A warp for each index and each tile of columns.
template <typename T>
GATUN_FN void embedding_backward_indices(const int* __restrict__ indices, const T* __restrict__ diffDst,
                                         float* __restrict__ diffTable, long long count, int vocabulary, int dim, int tiles,
                                         gatun_fault* fault, int code) {
    long long warp = gatun_thread() / 32;
    long long first = warp / tiles;
    if (first >= count) {
        return;
    }
    int lane = threadIdx.x % 32;
    int row = indices[first];
    if (outside(row, vocabulary)) {
        if (lane == 0) {
            gatun_report(fault, code, first, row);
        }
        return;
    }
    for (long long base = 0; base < first; base += 32) {
        long long i = base + lane;
        if (__ballot_sync(0xffffffffu, i < first && indices[i] == row)) {
            return;
        }
    }
    add_up(indices, diffDst, diffTable, count, dim, row, (int) (warp % tiles), first);
}

}  // namespace

#define GATUN_EMBEDDING(name, T)                                                                                           \
    extern "C" __global__ void __launch_bounds__(256) gatun_embedding_##name(                                              \
        const int* __restrict__ indices, const float* __restrict__ table, T* __restrict__ dst, long long count,            \
        int vocabulary, int dim, int lanes, gatun_fault* fault, int code) {                                                \
        embedding(indices, table, dst, count, vocabulary, dim, lanes, fault, code);                                        \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(128) gatun_embedding_backward_rows_##name(                                \
        const int* __restrict__ indices, const T* __restrict__ diffDst, float* __restrict__ diffTable, long long count,    \
        int vocabulary, int dim, int tiles, gatun_fault* fault, int code) {                                                \
        embedding_backward_rows(indices, diffDst, diffTable, count, vocabulary, dim, tiles, fault, code);                  \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(128) gatun_embedding_backward_indices_##name(                             \
        const int* __restrict__ indices, const T* __restrict__ diffDst, float* __restrict__ diffTable, long long count,    \
        int vocabulary, int dim, int tiles, gatun_fault* fault, int code) {                                                \
        embedding_backward_indices(indices, diffDst, diffTable, count, vocabulary, dim, tiles, fault, code);               \
    }

GATUN_EMBEDDING(f32, float)
GATUN_EMBEDDING(bf16, gatun_bf16)
GATUN_EMBEDDING(f16, gatun_f16)
