// CUDA C++ on g++: what a .cu file of Gatun may use, force-included (-include) before it. The kernels' code runs
// unchanged; engine.cpp runs the threads of a block, one after the other or as fibers where they wait for each other.
#ifndef GATUN_EMULATION_H
#define GATUN_EMULATION_H
#define GATUN_EMULATION 1

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __grid_constant__
// One block at a time per OS thread, so the thread's own storage is the block's; the engine poisons it before a block.
#define __shared__ static __thread

struct alignas(8) float2 { float x, y; };
struct float3 { float x, y, z; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
struct alignas(8) int2 { int x, y; };
struct int3 { int x, y, z; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct uint3 { unsigned x, y, z; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
struct alignas(16) longlong2 { long long x, y; };
struct alignas(16) ulonglong2 { unsigned long long x, y; };
struct alignas(4) short2 { short x, y; };
struct alignas(4) ushort2 { unsigned short x, y; };
struct alignas(8) ushort4 { unsigned short x, y, z, w; };
struct alignas(2) uchar2 { unsigned char x, y; };
struct alignas(4) uchar4 { unsigned char x, y, z, w; };
struct alignas(4) char4 { signed char x, y, z, w; };
struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float3 make_float3(float x, float y, float z) { return {x, y, z}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }
inline int2 make_int2(int x, int y) { return {x, y}; }
inline int3 make_int3(int x, int y, int z) { return {x, y, z}; }
inline int4 make_int4(int x, int y, int z, int w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }
inline longlong2 make_longlong2(long long x, long long y) { return {x, y}; }
inline ushort2 make_ushort2(unsigned short x, unsigned short y) { return {x, y}; }
inline ushort4 make_ushort4(unsigned short x, unsigned short y, unsigned short z, unsigned short w) {
    return {x, y, z, w};
}
inline uchar4 make_uchar4(unsigned char x, unsigned char y, unsigned char z, unsigned char w) { return {x, y, z, w}; }

// ---- where a thread is --------------------------------------------------------------------------------------------
struct GatunEmulated {
    uint3 thread, block;
    uint3 blockSize, gridSize;
};
extern __thread GatunEmulated gatun_emulated __attribute__((visibility("hidden")));
#define threadIdx (gatun_emulated.thread)
#define blockIdx (gatun_emulated.block)
#define blockDim (gatun_emulated.blockSize)
#define gridDim (gatun_emulated.gridSize)
#define warpSize 32

#define GATUN_HIDDEN __attribute__((visibility("hidden")))

// ---- barriers -----------------------------------------------------------------------------------------------------
extern "C" {
GATUN_HIDDEN int gatun_emulated_barrier(int kind, int predicate);
// Every lane named in the mask arrives with its own argument; the last one to arrive calls `all` once with the
// arguments of all 32 (null for lanes that take no part), then everybody goes on. The base of every warp-wide
// operation, open to the kernels' portable branches: a whole mma is one call.
GATUN_HIDDEN void gatun_emulated_warp_call(unsigned mask, void (*all)(void *const *lanes), void *mine);
GATUN_HIDDEN int gatun_emulated_lane();
GATUN_HIDDEN unsigned gatun_emulated_live_lanes();
[[noreturn]] GATUN_HIDDEN void gatun_emulated_trap(const char *why);
// cp.async: 16 bytes, zeros behind the first `bytes`, come when their group is waited for and are NaN until then.
GATUN_HIDDEN void gatun_emulated_async_copy(void *shared, const void *global, int bytes);
GATUN_HIDDEN void gatun_emulated_async_commit();
GATUN_HIDDEN void gatun_emulated_async_wait(int pendingGroups);
}
inline void __syncthreads() { gatun_emulated_barrier(0, 0); }
inline int __syncthreads_count(int predicate) { return gatun_emulated_barrier(1, predicate != 0); }
inline int __syncthreads_and(int predicate) { return gatun_emulated_barrier(2, predicate != 0); }
inline int __syncthreads_or(int predicate) { return gatun_emulated_barrier(3, predicate != 0); }
static inline void gatun_emulated_nothing(void *const *) {}
inline void __syncwarp(unsigned mask = 0xffffffffu) { gatun_emulated_warp_call(mask, gatun_emulated_nothing, &mask); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __nanosleep(unsigned) {}
inline void __trap() { gatun_emulated_trap("it called __trap"); }
inline long long clock64() { return 0; }

// ---- shuffles -----------------------------------------------------------------------------------------------------
// A value read from a lane that takes no part is undefined in CUDA: here it is a NaN that is easy to recognise.
struct GatunShuffle {
    uint64_t value, result;
    int source;
};
static inline void gatun_emulated_shuffle(void *const *lanes) {
    for (int lane = 0; lane < 32; lane++) {
        if (lanes[lane] == nullptr) continue;
        GatunShuffle *mine = static_cast<GatunShuffle *>(lanes[lane]);
        const void *from = lanes[mine->source & 31];
        mine->result = from ? static_cast<const GatunShuffle *>(from)->value : 0x7fc0dead7fc0deadull;
    }
}
template <class T> inline T gatun_emulated_shuffle(unsigned mask, T value, int source) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    GatunShuffle shuffle = {0, 0, source};
    memcpy(&shuffle.value, &value, sizeof(T));
    gatun_emulated_warp_call(mask, gatun_emulated_shuffle, &shuffle);
    memcpy(&value, &shuffle.result, sizeof(T));
    return value;
}
template <class T> inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
    int lane = gatun_emulated_lane();
    return gatun_emulated_shuffle(mask, value, (lane & ~(width - 1)) | (source & (width - 1)));
}
template <class T> inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = gatun_emulated_lane(), source = lane - static_cast<int>(delta);
    return gatun_emulated_shuffle(mask, value, source < (lane & ~(width - 1)) ? lane : source);
}
template <class T> inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
    int lane = gatun_emulated_lane(), source = lane + static_cast<int>(delta);
    return gatun_emulated_shuffle(mask, value, source > (lane | (width - 1)) ? lane : source);
}
template <class T> inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32) {
    int lane = gatun_emulated_lane(), source = lane ^ bits;
    return gatun_emulated_shuffle(mask, value, source > (lane | (width - 1)) ? lane : source);
}

// ---- votes and warp reductions ------------------------------------------------------------------------------------
struct GatunVote {
    unsigned value, result;
};
static inline void gatun_emulated_ballot(void *const *lanes) {
    unsigned bits = 0;
    for (int lane = 0; lane < 32; lane++) {
        if (lanes[lane] && static_cast<GatunVote *>(lanes[lane])->value) bits |= 1u << lane;
    }
    for (int lane = 0; lane < 32; lane++) {
        if (lanes[lane]) static_cast<GatunVote *>(lanes[lane])->result = bits;
    }
}
inline unsigned __ballot_sync(unsigned mask, int predicate) {
    GatunVote vote = {predicate != 0, 0};
    gatun_emulated_warp_call(mask, gatun_emulated_ballot, &vote);
    return vote.result;
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, !predicate) == 0; }
inline unsigned __activemask() { return gatun_emulated_live_lanes(); }
static inline void gatun_emulated_match(void *const *lanes) {
    for (int lane = 0; lane < 32; lane++) {
        if (!lanes[lane]) continue;
        GatunVote *mine = static_cast<GatunVote *>(lanes[lane]);
        mine->result = 0;
        for (int other = 0; other < 32; other++) {
            if (lanes[other] && static_cast<GatunVote *>(lanes[other])->value == mine->value) mine->result |= 1u << other;
        }
    }
}
inline unsigned __match_any_sync(unsigned mask, unsigned value) {
    GatunVote vote = {value, 0};
    gatun_emulated_warp_call(mask, gatun_emulated_match, &vote);
    return vote.result;
}
template <class T, class F> inline T gatun_emulated_reduce(unsigned mask, T value, F) {
    struct Sum {
        T value, result;
    } mine = {value, value};
    gatun_emulated_warp_call(
            mask,
            [](void *const *lanes) {
                T sum{};
                bool first = true;
                for (int lane = 0; lane < 32; lane++) {
                    if (!lanes[lane]) continue;
                    T next = static_cast<Sum *>(lanes[lane])->value;
                    sum = first ? next : F()(sum, next);
                    first = false;
                }
                for (int lane = 0; lane < 32; lane++) {
                    if (lanes[lane]) static_cast<Sum *>(lanes[lane])->result = sum;
                }
            },
            &mine);
    return mine.result;
}
#define GATUN_REDUCE(NAME, EXPRESSION)                                                                                 \
    struct GatunReduce_##NAME {                                                                                        \
        template <class T> T operator()(T a, T b) const { return EXPRESSION; }                                         \
    };                                                                                                                 \
    inline unsigned NAME(unsigned mask, unsigned value) {                                                              \
        return gatun_emulated_reduce(mask, value, GatunReduce_##NAME());                                               \
    }                                                                                                                  \
    inline int NAME(unsigned mask, int value) { return gatun_emulated_reduce(mask, value, GatunReduce_##NAME()); }
GATUN_REDUCE(__reduce_add_sync, a + b)
GATUN_REDUCE(__reduce_min_sync, a < b ? a : b)
GATUN_REDUCE(__reduce_max_sync, a > b ? a : b)
GATUN_REDUCE(__reduce_and_sync, a & b)
GATUN_REDUCE(__reduce_or_sync, a | b)
GATUN_REDUCE(__reduce_xor_sync, a ^ b)
#undef GATUN_REDUCE

// ---- atomics: real ones, since two OS threads may run blocks of one grid ------------------------------------------
#define GATUN_ATOMICS(T)                                                                                               \
    inline T atomicAdd(T *p, T v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }                               \
    inline T atomicOr(T *p, T v) { return __atomic_fetch_or(p, v, __ATOMIC_RELAXED); }                                 \
    inline T atomicAnd(T *p, T v) { return __atomic_fetch_and(p, v, __ATOMIC_RELAXED); }                               \
    inline T atomicXor(T *p, T v) { return __atomic_fetch_xor(p, v, __ATOMIC_RELAXED); }                               \
    inline T atomicExch(T *p, T v) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }                             \
    inline T atomicCAS(T *p, T expected, T v) {                                                                        \
        __atomic_compare_exchange_n(p, &expected, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                       \
        return expected;                                                                                               \
    }                                                                                                                  \
    inline T atomicMax(T *p, T v) {                                                                                    \
        T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                                  \
        while (old < v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}      \
        return old;                                                                                                    \
    }                                                                                                                  \
    inline T atomicMin(T *p, T v) {                                                                                    \
        T old = __atomic_load_n(p, __ATOMIC_RELAXED);                                                                  \
        while (v < old && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}      \
        return old;                                                                                                    \
    }
GATUN_ATOMICS(int)
GATUN_ATOMICS(unsigned)
GATUN_ATOMICS(long long)
GATUN_ATOMICS(unsigned long long)
#undef GATUN_ATOMICS
inline int atomicSub(int *p, int v) { return __atomic_fetch_sub(p, v, __ATOMIC_RELAXED); }
inline unsigned atomicSub(unsigned *p, unsigned v) { return __atomic_fetch_sub(p, v, __ATOMIC_RELAXED); }
inline unsigned atomicInc(unsigned *p, unsigned limit) {
    unsigned old = __atomic_load_n(p, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
            p, &old, old >= limit ? 0 : old + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
    return old;
}

// ---- bits and conversions -----------------------------------------------------------------------------------------
template <class To, class From> inline To gatun_emulated_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "bits of one size");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}
inline int __float_as_int(float x) { return gatun_emulated_bits<int>(x); }
inline unsigned __float_as_uint(float x) { return gatun_emulated_bits<unsigned>(x); }
inline float __int_as_float(int x) { return gatun_emulated_bits<float>(x); }
inline float __uint_as_float(unsigned x) { return gatun_emulated_bits<float>(x); }
inline long long __double_as_longlong(double x) { return gatun_emulated_bits<long long>(x); }
inline double __longlong_as_double(long long x) { return gatun_emulated_bits<double>(x); }
inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline float __ull2float_rn(unsigned long long x) { return static_cast<float>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
// CUDA's conversions saturate and take NaN to 0; a C++ cast is undefined there.
inline int gatun_emulated_int(float x) {
    return x != x ? 0 : x >= 2147483648.0f ? INT_MAX : x <= -2147483648.0f ? INT_MIN : static_cast<int>(x);
}
inline int __float2int_rn(float x) { return gatun_emulated_int(rintf(x)); }
inline int __float2int_rz(float x) { return gatun_emulated_int(truncf(x)); }
inline int __float2int_rd(float x) { return gatun_emulated_int(floorf(x)); }
inline int __float2int_ru(float x) { return gatun_emulated_int(ceilf(x)); }
inline unsigned __float2uint_rn(float x) {
    x = rintf(x);
    return !(x > 0) ? 0 : x >= 4294967296.0f ? UINT_MAX : static_cast<unsigned>(x);
}
template <class T> inline T __ldg(const T *p) { return *p; }
template <class T> inline T __ldcs(const T *p) { return *p; }
template <class T> inline T __ldcg(const T *p) { return *p; }
template <class T> inline void __stcs(T *p, T v) { *p = v; }
template <class T> inline void __stcg(T *p, T v) { *p = v; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(x);
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned selector) {
    uint64_t both = static_cast<uint64_t>(b) << 32 | a;
    unsigned result = 0;
    for (int i = 0; i < 4; i++) {
        unsigned pick = selector >> 4 * i & 15, byte = both >> 8 * (pick & 7) & 255;
        result |= (pick & 8 ? (byte & 128 ? 255u : 0u) : byte) << 8 * i;
    }
    return result;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) << (shift & 31) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    return static_cast<unsigned>((static_cast<uint64_t>(high) << 32 | low) >> (shift & 31));
}
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<uint64_t>(a) * b >> 32; }
inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<int64_t>(a) * b >> 32); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}

// ---- arithmetic that math.h lacks ---------------------------------------------------------------------------------
#define GATUN_EXTREMES(T)                                                                                              \
    inline T min(T a, T b) { return a < b ? a : b; }                                                                   \
    inline T max(T a, T b) { return a > b ? a : b; }
GATUN_EXTREMES(int)
GATUN_EXTREMES(unsigned)
GATUN_EXTREMES(long)
GATUN_EXTREMES(unsigned long)
GATUN_EXTREMES(long long)
GATUN_EXTREMES(unsigned long long)
#undef GATUN_EXTREMES
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline float gatun_emulated_rsqrtf(float x) { return static_cast<float>(1 / sqrt(static_cast<double>(x))); }
inline double gatun_emulated_rsqrt(double x) { return 1 / sqrt(x); }
#define rsqrtf gatun_emulated_rsqrtf // new C libraries have functions of these names
#define rsqrt gatun_emulated_rsqrt
inline float __saturatef(float x) { return x != x ? 0.0f : fminf(fmaxf(x, 0.0f), 1.0f); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dadd_rn(double a, double b) { return a + b; }
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

#endif
