#include "gatun.h"

// Sets n floats. 4 bytes an element, bound by memory.
extern "C" __global__ void gatun_fill_f32(float* memory, long long n, float value) {
    GATUN_FOR(i, n) {
        memory[i] = value;
    }
}

// ring[number mod n] = value, by one thread.
extern "C" __global__ void gatun_put_f32(const float* value, float* ring, const unsigned long long* number, long long n) {
    ring[*number % static_cast<unsigned long long>(n)] = *value;
}
