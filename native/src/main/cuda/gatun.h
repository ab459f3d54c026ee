// What Gatun's kernels share. nvcc compiles each kernel file to PTX; g++ compiles the same file for the emulator, which is why
// there are no standard headers here, no inline PTX but in gatun_ptx.h, and nothing that the hardware alone could define.
//
// Rules for all kernels: NaN in, NaN out. No float atomics; work is cut by the problem's sizes, and sums have a fixed tree,
// so a result is the same on every GPU; what tensor cores add up is the same on GPUs of one kind, for the PTX ISA leaves
// order and rounding within an mma to them. A multiply-add is fused where fmaf stands (-fmad=false). Addresses are aligned
// to their element only: wide loads are for those that gatun_wide finds aligned.
#pragma once

#ifdef __CUDACC__
#define GATUN_FN static __device__ __forceinline__
#define GATUN_METHOD __device__ __forceinline__
#else
#define GATUN_FN static inline
#define GATUN_METHOD inline
#endif

GATUN_FN unsigned gatun_bits(float x) {
#ifdef __CUDA_ARCH__
    return __float_as_uint(x);
#else
    unsigned bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
#endif
}

GATUN_FN float gatun_float(unsigned bits) {
#ifdef __CUDA_ARCH__
    return __uint_as_float(bits);
#else
    float x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
#endif
}

GATUN_FN bool gatun_nan(float x) {
    return x != x;
}

#include "gatun_ptx.h"

// ---- What memory holds -------------------------------------------------------------------------------------------------
// Kernels compute in float and are templates on the type in memory.

struct gatun_bf16 {
    unsigned short bits;
};

struct gatun_f16 {
    unsigned short bits;
};

// Four floats in 16 bytes: one load or store instruction.
struct alignas(16) gatun_f4 {
    float x, y, z, w;
};

// Four of 16 bits in 8 bytes.
struct alignas(8) gatun_h4 {
    unsigned short x, y, z, w;
};

GATUN_FN float gatun_load(const float* p) {
    return *p;
}

GATUN_FN float gatun_load(const gatun_bf16* p) {
    return gatun_float((unsigned) p->bits << 16);
}

GATUN_FN float gatun_load(const gatun_f16* p) {
    return gatun_f16_float(p->bits);
}

GATUN_FN void gatun_store(float* p, float x) {
    *p = x;
}

GATUN_FN void gatun_store(gatun_bf16* p, float x) {
    p->bits = gatun_bf16_bits(x);
}

GATUN_FN void gatun_store(gatun_f16* p, float x) {
    p->bits = gatun_f16_bits(x);
}

// Four at once, from an address that is aligned to four: 16 bytes of float, 8 of the others.
GATUN_FN gatun_f4 gatun_load4(const float* p) {
    return *(const gatun_f4*) p;
}

GATUN_FN gatun_f4 gatun_load4(const gatun_bf16* p) {
    gatun_h4 h = *(const gatun_h4*) p;
    return {gatun_float((unsigned) h.x << 16), gatun_float((unsigned) h.y << 16), gatun_float((unsigned) h.z << 16),
            gatun_float((unsigned) h.w << 16)};
}

GATUN_FN gatun_f4 gatun_load4(const gatun_f16* p) {
    gatun_h4 h = *(const gatun_h4*) p;
    return {gatun_f16_float(h.x), gatun_f16_float(h.y), gatun_f16_float(h.z), gatun_f16_float(h.w)};
}

GATUN_FN void gatun_store4(float* p, gatun_f4 v) {
    *(gatun_f4*) p = v;
}

GATUN_FN void gatun_store4(gatun_bf16* p, gatun_f4 v) {
    *(gatun_h4*) p = {gatun_bf16_bits(v.x), gatun_bf16_bits(v.y), gatun_bf16_bits(v.z), gatun_bf16_bits(v.w)};
}

GATUN_FN void gatun_store4(gatun_f16* p, gatun_f4 v) {
    *(gatun_h4*) p = {gatun_f16_bits(v.x), gatun_f16_bits(v.y), gatun_f16_bits(v.z), gatun_f16_bits(v.w)};
}

// Whether four at once may be read or written at p. The same for all threads, so a branch on it is uniform.
template <typename T>
GATUN_FN bool gatun_wide(const T* p) {
    return (unsigned long long) p % (4 * sizeof(T)) == 0;
}

template <typename T, typename... Others>
GATUN_FN bool gatun_wide(const T* p, const Others*... others) {
    return gatun_wide(p) && gatun_wide(others...);
}

// Whether 16 bytes at once may be read at all of them: eight 16-bit elements.
template <typename... T>
GATUN_FN bool gatun_wide16(const T*... p) {
    return ((unsigned long long) p | ...) % 16 == 0;
}

// ---- Loops -------------------------------------------------------------------------------------------------------------

// This thread's number among all of the grid, and how many those are; x only.
GATUN_FN long long gatun_thread() {
    return (long long) blockIdx.x * blockDim.x + threadIdx.x;
}

GATUN_FN long long gatun_threads() {
    return (long long) gridDim.x * blockDim.x;
}

// for all i below n: the grid in one stride, whatever its size. Not unrolled: a grid that covers its problem goes round once.
#ifdef __CUDACC__
#define GATUN_ONCE _Pragma("unroll 1")
#else
#define GATUN_ONCE
#endif
#define GATUN_FOR(i, n) \
    GATUN_ONCE          \
    for (long long i = gatun_thread(), i##_step = gatun_threads(); i < (n); i += i##_step)

// out[i] = f(a[i]), f(a[i], b[i]), f(a[i], b[i], c[i]) for i below n: four at a time where all addresses allow.
template <typename A, typename O, typename F>
GATUN_FN void gatun_map(const A* __restrict__ a, O* __restrict__ out, long long n, F f) {
    long long done = 0;
    if (gatun_wide(a, out)) {
        done = n / 4 * 4;
        GATUN_FOR(i, n / 4) {
            gatun_f4 x = gatun_load4(a + 4 * i);
            gatun_store4(out + 4 * i, gatun_f4{f(x.x), f(x.y), f(x.z), f(x.w)});
        }
    }
    GATUN_FOR(i, n - done) {
        gatun_store(out + done + i, f(gatun_load(a + done + i)));
    }
}

template <typename A, typename B, typename O, typename F>
GATUN_FN void gatun_map(const A* __restrict__ a, const B* __restrict__ b, O* __restrict__ out, long long n, F f) {
    long long done = 0;
    if (gatun_wide(a, b, out)) {
        done = n / 4 * 4;
        GATUN_FOR(i, n / 4) {
            gatun_f4 x = gatun_load4(a + 4 * i);
            gatun_f4 y = gatun_load4(b + 4 * i);
            gatun_store4(out + 4 * i, gatun_f4{f(x.x, y.x), f(x.y, y.y), f(x.z, y.z), f(x.w, y.w)});
        }
    }
    GATUN_FOR(i, n - done) {
        gatun_store(out + done + i, f(gatun_load(a + done + i), gatun_load(b + done + i)));
    }
}

template <typename A, typename B, typename C, typename O, typename F>
GATUN_FN void gatun_map(const A* __restrict__ a, const B* __restrict__ b, const C* __restrict__ c, O* __restrict__ out,
                        long long n, F f) {
    long long done = 0;
    if (gatun_wide(a, b, c, out)) {
        done = n / 4 * 4;
        GATUN_FOR(i, n / 4) {
            gatun_f4 x = gatun_load4(a + 4 * i);
            gatun_f4 y = gatun_load4(b + 4 * i);
            gatun_f4 z = gatun_load4(c + 4 * i);
            gatun_store4(out + 4 * i,
                         gatun_f4{f(x.x, y.x, z.x), f(x.y, y.y, z.y), f(x.z, y.z, z.z), f(x.w, y.w, z.w)});
        }
    }
    GATUN_FOR(i, n - done) {
        gatun_store(out + done + i,
                    f(gatun_load(a + done + i), gatun_load(b + done + i), gatun_load(c + done + i)));
    }
}

// y[i] = f(x[i], y[i]) in place.
template <typename X, typename Y, typename F>
GATUN_FN void gatun_update(const X* __restrict__ x, Y* y, long long n, F f) {
    long long done = 0;
    if (gatun_wide(x, y)) {
        done = n / 4 * 4;
        GATUN_FOR(i, n / 4) {
            gatun_f4 a = gatun_load4(x + 4 * i);
            gatun_f4 b = gatun_load4(y + 4 * i);
            gatun_store4(y + 4 * i, gatun_f4{f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w)});
        }
    }
    GATUN_FOR(i, n - done) {
        gatun_store(y + done + i, f(gatun_load(x + done + i), gatun_load(y + done + i)));
    }
}

// Division of an index by a constant that the host knows (Granlund and Montgomery, "Division by invariant integers using
// multiplication", 1994): three instructions in place of some twenty, for indices below 2^31. The host gives
// shift = ceil(log2 divisor) and factor = 2^32 (2^shift - divisor) / divisor + 1, or a shift of 32 where there are more indices.
struct gatun_divisor {
    long long divisor;
    unsigned factor, shift;
};

GATUN_FN long long gatun_quotient(long long n, gatun_divisor d) {
    if (d.shift > 31) {
        return n / d.divisor;
    }
    unsigned high = (unsigned) ((unsigned long long) (unsigned) n * d.factor >> 32);
    return (high + (unsigned) n) >> d.shift;
}

// ---- Sums --------------------------------------------------------------------------------------------------------------
// Over all lanes of a warp, and all threads of a block of whole warps with one dimension; every thread gets the result. The
// tree is fixed: lanes at a distance of 16, 8, 4, 2, 1, then warp after warp. All threads must take part. Of several values at
// once the barriers are paid once. T is float, double or int; `shared` has N values for each of up to 32 warps.

struct gatun_add {
    template <typename T>
    GATUN_METHOD T operator()(T a, T b) const {
        return a + b;
    }
};

struct gatun_larger {
    GATUN_METHOD float operator()(float a, float b) const {
        return gatun_max(a, b);
    }
};

struct gatun_smaller {
    GATUN_METHOD float operator()(float a, float b) const {
        return gatun_min(a, b);
    }
};

template <typename T, typename Fold>
GATUN_FN T gatun_warp_fold(T value, Fold fold) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value = fold(value, __shfl_xor_sync(0xffffffffu, value, distance));
    }
    return value;
}

template <typename T>
GATUN_FN T gatun_warp_sum(T value) {
    return gatun_warp_fold(value, gatun_add());
}

GATUN_FN float gatun_warp_max(float value) {
    return gatun_warp_fold(value, gatun_larger());
}

GATUN_FN float gatun_warp_min(float value) {
    return gatun_warp_fold(value, gatun_smaller());
}

template <int N, typename T, typename Fold>
GATUN_FN void gatun_block_fold(T (&values)[N], T* shared, Fold fold) {
    for (int k = 0; k < N; k++) {
        values[k] = gatun_warp_fold(values[k], fold);
        if (threadIdx.x % 32 == 0) {
            shared[threadIdx.x / 32 * N + k] = values[k];
        }
    }
    __syncthreads();
    for (int k = 0; k < N; k++) {
        values[k] = shared[k];
        for (unsigned warp = 1; warp < blockDim.x / 32; warp++) {
            values[k] = fold(values[k], shared[warp * N + k]);
        }
    }
    __syncthreads();  // `shared` may be used again
}

template <int N, typename T>
GATUN_FN void gatun_block_sums(T (&values)[N], T* shared) {
    gatun_block_fold(values, shared, gatun_add());
}

template <typename T>
GATUN_FN T gatun_block_sum(T value, T* shared) {
    T values[1] = {value};
    gatun_block_fold(values, shared, gatun_add());
    return values[0];
}

template <typename T>
GATUN_FN void gatun_block_sum2(T& a, T& b, T* shared) {
    T values[2] = {a, b};
    gatun_block_fold(values, shared, gatun_add());
    a = values[0];
    b = values[1];
}

template <typename T>
GATUN_FN void gatun_block_sum3(T& a, T& b, T& c, T* shared) {
    T values[3] = {a, b, c};
    gatun_block_fold(values, shared, gatun_add());
    a = values[0];
    b = values[1];
    c = values[2];
}

GATUN_FN float gatun_block_max(float value, float* shared) {
    float values[1] = {value};
    gatun_block_fold(values, shared, gatun_larger());
    return values[0];
}

GATUN_FN float gatun_block_min(float value, float* shared) {
    float values[1] = {value};
    gatun_block_fold(values, shared, gatun_smaller());
    return values[0];
}

#include "gatun_math.h"
#include "gatun_philox.h"
