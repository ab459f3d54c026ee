// Rows of a table by their indices: 8 bytes an element are moved and nothing else, so memory bounds it. In 16-bit storage the
// table stays float, and the rows are half the bytes.
#include "gatun.h"
#include "gatun_fault.h"

namespace {

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
    if ((unsigned) index >= (unsigned) vocabulary) {
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

}  // namespace

#define GATUN_EMBEDDING(name, T)                                                                                \
    extern "C" __global__ void __launch_bounds__(256) gatun_embedding_##name(                                   \
        const int* __restrict__ indices, const float* __restrict__ table, T* __restrict__ dst, long long count, \
        int vocabulary, int dim, int lanes, gatun_fault* fault, int code) {                                     \
        embedding(indices, table, dst, count, vocabulary, dim, lanes, fault, code);                             \
    }

GATUN_EMBEDDING(f32, float)
GATUN_EMBEDDING(bf16, gatun_bf16)
GATUN_EMBEDDING(f16, gatun_f16)
