// What a stable sort of numbers leaves behind, for who looks things up in it: sort.cu makes it.
#pragma once

#include "gatun.h"

// A number, 0 or more, and where it stood before. Moved at once.
struct alignas(8) gatun_sorted {
    int key, position;
};

// The first of the entries from `low` on whose key is not below `key`, or `high`. A warp looks at 32 places at a time: five
// bits of the way for one latency.
GATUN_FN int gatun_not_below(const gatun_sorted* entries, int low, int high, int key) {
    int lane = threadIdx.x % 32;
    while (low < high) {
        int step = (high - low - 1) / 32 + 1;
        long long probe = low + (long long) lane * step;
        int below = __popc(__ballot_sync(0xffffffffu, probe < high && entries[probe].key < key));
        if (below == 0) {
            return low;
        }
        long long next = low + (long long) below * step;
        low += (below - 1) * step + 1;
        high = next < high ? (int) next : high;
    }
    return low;
}
