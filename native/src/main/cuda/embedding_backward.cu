// Gradients into the rows of a table: diffTable[indices[i]] += diffDst[i]. Each gradient is read once, and each row of the
// table that has an index is read and written once: 12 bytes an element where all indices differ, towards 4 where few do;
// memory bound.
//
// Each row adds up its gradients in the order of their positions, up to PIECE of them as the CPU does and to its bits. Who
// has which comes from the indices sorted by their value and stably (sort.cu), so no warp looks at more of them than it adds
// up. A row with more than PIECE, as that of the padding, is cut: the first piece goes to the table, each other one to memory
// of its own, and a second launch adds these in their order. So the longest chain is PIECE, and the order depends on the
// indices alone.
//
// In 16-bit storage the table's gradient stays float, and diffDst has half the bytes.
#include "gatun_fault.h"
#include "gatun_quads.h"
#include "gatun_sort.h"

namespace {

constexpr int PIECE = 128;
// Sorted places whose pieces one warp adds up: all that begin there. Few, for the latency of a piece is most of its time.
constexpr int SPAN = 8;
// Gradients that are on their way at once.
constexpr int AT_ONCE = 8;
constexpr int JOINING_WARPS = 8;
constexpr unsigned ALL = 0xffffffffu;

// Four neighbouring columns of a lane, 128 of a warp: blockIdx.y says which. `width` of them are columns.
struct lane_columns {
    int dim, first, width;

    GATUN_METHOD explicit lane_columns(int dim)
        : dim(dim), first(4 * (int) (blockIdx.y * 32 + threadIdx.x % 32)), width(gatun_quad_width(first, dim)) {}

    template <bool WIDE, typename T>
    GATUN_METHOD gatun_quad load(const T* rows, long long row) const {
        return width > 0 ? gatun_load_quad<WIDE>(rows + row * dim + first, width) : gatun_quad{};
    }

    template <bool WIDE>
    GATUN_METHOD void store(float* rows, long long row, gatun_quad sum) const {
        if (width > 0) {
            gatun_store_quad<WIDE>(rows + row * dim + first, width, sum);
        }
    }
};

// Adds the rows that `those` lanes have, lane after lane.
template <bool WIDE, typename T>
GATUN_FN void add_rows(gatun_quad& sum, const T* rows, const lane_columns& columns, int row, unsigned those) {
    while (those) {
        gatun_quad terms[AT_ONCE];
        unsigned left = those;
        for (int j = 0; j < AT_ONCE; j++) {
            int at = __shfl_sync(ALL, row, left ? __ffs((int) left) - 1 : 0);
            terms[j] = left ? columns.load<WIDE>(rows, at) : gatun_quad{};
            left &= left - 1;
        }
        for (int j = 0; j < AT_ONCE; j++) {
            for (int k = 0; k < 4; k++) {
                sum.v[k] = those ? sum.v[k] + terms[j].v[k] : sum.v[k];
            }
            those &= those - 1;
        }
    }
}

// Few indices: a warp for each, of which all but the first with its value stop where they meet an equal one.
template <bool WIDE, typename T>
GATUN_FN void add_few(const int* __restrict__ indices, const T* __restrict__ diffDst, float* __restrict__ diffTable, int count,
                      int vocabulary, int dim, gatun_fault* fault, int code) {
    int first = (int) (gatun_thread() / 32);
    if (first >= count) {
        return;
    }
    int lane = threadIdx.x % 32;
    int row = indices[first];
    if ((unsigned) row >= (unsigned) vocabulary) {
        if (lane == 0) {
            gatun_report(fault, code, first, row);
        }
        return;
    }
    for (int i = lane; i - lane < first; i += 32) {
        if (__ballot_sync(ALL, i < first && indices[i] == row)) {
            return;
        }
    }
    lane_columns columns(dim);
    gatun_quad sum = columns.load<WIDE>(diffTable, row);
    for (int i = first / 32 * 32 + lane; i - lane < count; i += 32) {
        add_rows<WIDE>(sum, diffDst, columns, i, __ballot_sync(ALL, i >= first && i < count && indices[i] == row));
    }
    columns.store<WIDE>(diffTable, row, sum);
}

// The pieces that begin in a span of the sorted indices. A row's second piece and all behind it go to partials[place /
// PIECE]: two such pieces begin at least PIECE places apart.
template <bool WIDE, typename T>
GATUN_FN void add_pieces(const gatun_sorted* __restrict__ entries, const T* __restrict__ diffDst, float* __restrict__ diffTable,
                         float* __restrict__ partials, long long count, int vocabulary, int dim) {
    long long span = gatun_thread() / 32 * SPAN;
    if (span >= count) {
        return;
    }
    int lane = threadIdx.x % 32;
    long long mine = span + lane;
    int row = lane < SPAN && mine < count ? entries[mine].key : vocabulary;
    bool begins = row < vocabulary && (mine == 0 || entries[mine - 1].key != row);
    bool later = row < vocabulary && mine >= PIECE && entries[mine - PIECE].key == row;
    unsigned far = __ballot_sync(ALL, later);
    if (far) {
        // All of one row, for a span is shorter than a piece.
        int start = gatun_not_below(entries, 0, (int) span, __shfl_sync(ALL, row, __ffs((int) far) - 1));
        begins = begins || (later && (mine - start) % PIECE == 0);
    }
    lane_columns columns(dim);
    for (unsigned pieces = __ballot_sync(ALL, begins); pieces; pieces &= pieces - 1) {
        int source = __ffs((int) pieces) - 1;
        int its = __shfl_sync(ALL, row, source);
        bool apart = far >> source & 1;
        gatun_quad sum = apart ? gatun_quad{} : columns.load<WIDE>(diffTable, its);
        for (long long place = span + source + lane; place < span + source + PIECE + lane; place += 32) {
            gatun_sorted entry = place < count ? entries[place] : gatun_sorted{vocabulary, 0};
            unsigned equal = __ballot_sync(ALL, entry.key == its);
            add_rows<WIDE>(sum, diffDst, columns, entry.position, equal);
            if (equal != ALL) {
                break;
            }
        }
        if (apart) {
            columns.store<WIDE>(partials, (span + source) / PIECE, sum);
        } else {
            columns.store<WIDE>(diffTable, its, sum);
        }
    }
}

// The sums of a row's later pieces: a block for the one row with such pieces that begins in a stretch of PIECE places. Its
// warps add up an eighth of the pieces each, and these eighths go to the table in their order.
template <bool WIDE>
GATUN_FN void join_pieces(const gatun_sorted* __restrict__ entries, const float* __restrict__ partials,
                          float* __restrict__ diffTable, int start, int count, int dim,
                          gatun_quad (&sums)[JOINING_WARPS][32]) {
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int row = entries[start].key;
    int end = gatun_not_below(entries, start + PIECE, count, row + 1);
    int pieces = (end - start - 1) / PIECE;
    int share = (pieces + JOINING_WARPS - 1) / JOINING_WARPS;
    int to = (warp + 1) * share < pieces ? (warp + 1) * share : pieces;
    lane_columns columns(dim);
    gatun_quad sum = {};
    for (int piece = warp * share + lane; piece - lane < to; piece += 32) {
        add_rows<WIDE>(sum, partials, columns, start / PIECE + 1 + piece, __ballot_sync(ALL, piece < to));
    }
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp == 0) {
        sum = columns.load<WIDE>(diffTable, row);
        for (int other = 0; other * share < pieces && other < JOINING_WARPS; other++) {
            for (int k = 0; k < 4; k++) {
                sum.v[k] += sums[other][lane].v[k];
            }
        }
        columns.store<WIDE>(diffTable, row, sum);
    }
}

}  // namespace

extern "C" __global__ void __launch_bounds__(32 * JOINING_WARPS)
gatun_embedding_join(const gatun_sorted* entries, const float* partials, float* diffTable, int count, int vocabulary, int dim) {
    __shared__ gatun_quad sums[JOINING_WARPS][32];
    __shared__ int start;
    if (threadIdx.x == 0) {
        start = -1;
    }
    __syncthreads();
    long long place = (long long) blockIdx.x * PIECE + threadIdx.x;
    if (threadIdx.x < PIECE && place + PIECE < count) {
        int row = entries[place].key;
        bool begins = row < vocabulary && (place == 0 || entries[place - 1].key != row);
        if (begins && entries[place + PIECE].key == row) {
            start = (int) place;
        }
    }
    __syncthreads();
    if (start < 0) {
        return;
    }
    if (dim % 4 == 0 && gatun_wide(partials, diffTable)) {
        join_pieces<true>(entries, partials, diffTable, start, count, dim, sums);
    } else {
        join_pieces<false>(entries, partials, diffTable, start, count, dim, sums);
    }
}

#define GATUN_EMBEDDING_BACKWARD(name, T)                                                                                  \
    extern "C" __global__ void __launch_bounds__(128) gatun_embedding_few_##name(                                          \
        const int* indices, const T* diffDst, float* diffTable, int count, int vocabulary, int dim, gatun_fault* fault,    \
        int code) {                                                                                                        \
        if (dim % 4 == 0 && gatun_wide(diffTable) && gatun_wide(diffDst)) {                                                \
            add_few<true>(indices, diffDst, diffTable, count, vocabulary, dim, fault, code);                               \
        } else {                                                                                                           \
            add_few<false>(indices, diffDst, diffTable, count, vocabulary, dim, fault, code);                              \
        }                                                                                                                  \
    }                                                                                                                      \
    extern "C" __global__ void __launch_bounds__(128) gatun_embedding_pieces_##name(                                       \
        const gatun_sorted* entries, const T* diffDst, float* diffTable, float* partials, long long count, int vocabulary, \
        int dim) {                                                                                                         \
        if (dim % 4 == 0 && gatun_wide(diffTable, partials) && gatun_wide(diffDst)) {                                      \
            add_pieces<true>(entries, diffDst, diffTable, partials, count, vocabulary, dim);                               \
        } else {                                                                                                           \
            add_pieces<false>(entries, diffDst, diffTable, partials, count, vocabulary, dim);                              \
        }                                                                                                                  \
    }

GATUN_EMBEDDING_BACKWARD(f32, float)
GATUN_EMBEDDING_BACKWARD(bf16, gatun_bf16)
GATUN_EMBEDDING_BACKWARD(f16, gatun_f16)
