#include "gatun.h"

// Sets n floats. 4 bytes an element, bound by memory.
extern "C" __global__ void gatun_fill_f32(float* memory, long long n, float value) {
    GATUN_FOR(i, n) {
        memory[i] = value;
    }
}
