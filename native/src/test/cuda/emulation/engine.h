// Runs the blocks of one launch. Knows nothing of streams, memory or CUDA's calls.
#ifndef GATUN_EMULATION_ENGINE_H
#define GATUN_EMULATION_ENGINE_H
#include <string>
#include <vector>

#include "kernel.h"

struct SharedRange {
    size_t offset, size; // in the thread-local storage of this shared object
};
struct Launch {
    const GatunKernel *kernel = nullptr;
    dim3 grid, block;
    void **arguments = nullptr;
    bool fibers = true; // false: no thread waits for another, says the PTX
    std::vector<SharedRange> shared;
    unsigned long long seed = 1;
    int osThreads = 2;
};
struct Outcome {
    int code = 0; // 0, 700 or 719
    std::string message;
};
Outcome runLaunch(const Launch &launch);

// The first registered kernel; the rest by `next`.
const GatunKernel *registeredKernels();
// The start of this thread's copy of this shared object's thread-local storage.
char *threadStorage();
#endif
