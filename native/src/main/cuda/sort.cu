// A stable sort of indices by their value, in passes over a few bits from the lowest up (an LSD radix sort): each pass counts
// the digits of each strip of entries, and then puts every entry behind those of smaller digits, of earlier strips, and of
// its own strip those before it. What it does with each number depends on the numbers alone, so the order is the same each
// time.
//
// A pass reads 8 bytes an entry twice and writes 8, in runs of neighbours; of 50,000 rows two passes move some 50 bytes an
// index, against 12 of each of hundreds of columns. So launches, two a pass, and their latency bound it, and memory from some
// millions on.
#include "gatun_fault.h"
#include "gatun_sort.h"

namespace {

constexpr int THREADS = 512;
constexpr int WARPS = THREADS / 32;
// Values of a pass's digit, at most: one for each thread.
constexpr int DIGITS = THREADS;
// Entries of a thread that are on their way at once.
constexpr int ITEMS = 4;
constexpr int TILE = THREADS * ITEMS;
constexpr unsigned ALL = 0xffffffffu;

// Entries of a tile as a thread has them, -1 the digit of those that are not there. Those of a warp are neighbours, in the
// order of item and lane.
struct tile_part {
    gatun_sorted entries[ITEMS];
    int digits[ITEMS];
};

// What a pass reads: sorted entries, or in the first pass the indices themselves, of which those outside come last.
struct sort_source {
    const int* indices;
    const gatun_sorted* entries;  // null in the first pass
    int vocabulary, shift, digits;

    GATUN_METHOD gatun_sorted entry(long long i) const {
        if (entries) {
            return entries[i];
        }
        int index = indices[i];
        return {(unsigned) index < (unsigned) vocabulary ? index : vocabulary, (int) i};
    }

    GATUN_METHOD tile_part load(long long tile, long long end) const {
        tile_part part;
        long long first = tile + threadIdx.x / 32 * (32 * ITEMS) + threadIdx.x % 32;
        for (int j = 0; j < ITEMS; j++) {
            long long i = first + 32 * j;
            part.entries[j] = i < end ? entry(i) : gatun_sorted{0, 0};
            part.digits[j] = i < end ? part.entries[j].key >> shift & (digits - 1) : -1;
        }
        return part;
    }
};

// The sum over the threads before this one. `shared` has WARPS numbers.
GATUN_FN int sum_before(int value, int* shared) {
    int lane = threadIdx.x % 32;
    int warp = threadIdx.x / 32;
    int sum = value;
    for (int distance = 1; distance < 32; distance *= 2) {
        int other = __shfl_up_sync(ALL, sum, distance);
        sum += lane >= distance ? other : 0;
    }
    if (lane == 31) {
        shared[warp] = sum;
    }
    __syncthreads();
    int before = sum - value;
    for (int w = 0; w < warp; w++) {
        before += shared[w];
    }
    return before;
}

}  // namespace

// counts[block digits + d]: how many entries of the block's strip have the digit d. Reports indices outside in the first pass.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_sort_count(const int* __restrict__ indices, const gatun_sorted* __restrict__ entries, long long count, int vocabulary,
                 int shift, int digits, long long strip, int* __restrict__ counts, gatun_fault* fault, int code) {
    __shared__ int shared[DIGITS];
    sort_source source{indices, entries, vocabulary, shift, digits};
    shared[threadIdx.x] = 0;
    __syncthreads();
    long long begin = blockIdx.x * strip;
    long long end = begin + strip < count ? begin + strip : count;
    for (long long tile = begin; tile < end; tile += TILE) {
        tile_part part = source.load(tile, end);
        for (int j = 0; j < ITEMS; j++) {
            int digit = part.digits[j];
            unsigned same = __match_any_sync(ALL, digit);
            if (digit >= 0 && (int) threadIdx.x % 32 == __ffs((int) same) - 1) {
                atomicAdd(&shared[digit], __popc(same));
            }
            if (!entries && digit >= 0 && part.entries[j].key == vocabulary) {
                gatun_report(fault, code, part.entries[j].position, indices[part.entries[j].position]);
            }
        }
    }
    __syncthreads();
    if ((int) threadIdx.x < digits) {
        counts[blockIdx.x * (long long) digits + threadIdx.x] = shared[threadIdx.x];
    }
}

// Puts the entries of the block's strip where the counts of all strips say.
extern "C" __global__ void __launch_bounds__(THREADS)
gatun_sort_scatter(const int* __restrict__ indices, const gatun_sorted* __restrict__ entries, long long count, int vocabulary,
                   int shift, int digits, long long strip, const int* __restrict__ counts, gatun_sorted* __restrict__ sorted) {
    // Of each warp how many have a digit, and then where its first of them goes.
    __shared__ int places[WARPS][DIGITS];
    __shared__ int sums[WARPS];
    sort_source source{indices, entries, vocabulary, shift, digits};
    int lane = threadIdx.x % 32;
    int(&own)[DIGITS] = places[threadIdx.x / 32];
    int earlier = 0;
    int total = 0;
    if ((int) threadIdx.x < digits) {
        for (int block = 0; block < (int) gridDim.x; block++) {
            int there = counts[block * (long long) digits + threadIdx.x];
            earlier += block < (int) blockIdx.x ? there : 0;
            total += there;
        }
    }
    int next = sum_before(total, sums) + earlier;  // where the next entry goes whose digit is this thread's number
    long long begin = blockIdx.x * strip;
    long long end = begin + strip < count ? begin + strip : count;
    for (long long tile = begin; tile < end; tile += TILE) {
        tile_part part = source.load(tile, end);
        for (int d = lane; d < digits; d += 32) {
            own[d] = 0;
        }
        __syncwarp();
        int rank[ITEMS];
        for (int j = 0; j < ITEMS; j++) {
            int digit = part.digits[j];
            unsigned same = __match_any_sync(ALL, digit);
            rank[j] = digit < 0 ? 0 : own[digit] + __popc(same & ((1u << lane) - 1));
            __syncwarp();
            if (digit >= 0 && lane == __ffs((int) same) - 1) {
                own[digit] += __popc(same);
            }
            __syncwarp();
        }
        __syncthreads();
        if ((int) threadIdx.x < digits) {
            for (int warp = 0; warp < WARPS; warp++) {
                int there = places[warp][threadIdx.x];
                places[warp][threadIdx.x] = next;
                next += there;
            }
        }
        __syncthreads();
        for (int j = 0; j < ITEMS; j++) {
            if (part.digits[j] >= 0) {
                sorted[own[part.digits[j]] + rank[j]] = part.entries[j];
            }
        }
        __syncwarp();  // `own` is the next tile's
    }
}
