// What a kernel says when the numbers it was given are wrong: an index out of range. io.gatun.cuda.DeviceFault reads it.
#pragma once

#include "gatun.h"

// In pinned host memory; 24 bytes, all 0 while there is nothing to say.
struct gatun_fault {
    int code;
    int unused;
    // All bits of position << 32 | value turned, so that the largest is that of the lowest position.
    unsigned long long found;
    long long reserved;
};

// Reports the mistake numbered `code` (DeviceFault.code) at a position below 2^32. The first launch that reports keeps the
// record until the host has read it, and of its reports that of the lowest position, which is what a CPU's kernel names,
// in whatever order the threads run. The caller then skips what it cannot do.
GATUN_FN void gatun_report(gatun_fault* fault, int code, long long position, int value) {
    int before = atomicCAS(&fault->code, 0, code);
    if (before == 0 || before == code) {
        atomicMax(&fault->found, ~((unsigned long long) position << 32 | (unsigned) value));
    }
}
