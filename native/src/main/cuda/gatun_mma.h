// The instructions of the tensor cores and their loads: cp.async, ldmatrix and mma.sync, the other half of
// gatun_ptx.h, for those kernels alone that multiply tiles. Off the GPU each is plain C++, the collective ones over
// all lanes of a warp at once, with every element where the PTX ISA ("Warp-level matrix instructions") wants it: a
// kernel that is right on the emulator has its fragments right.
//
// lane = 4 g + t, g = 0..7, t = 0..3, in all of the layouts below. "Warp" functions are called by all 32 lanes
// together.
#pragma once

#ifndef __CUDA_ARCH__
// What each lane gives to, and gets from, a collective operation.
struct gatun_lane {
    const unsigned* a;
    unsigned b[2];
    float* sum;
    const void* row;
    unsigned* to;
};
#ifdef GATUN_EMULATION
#define GATUN_WARP_CALL(all, mine) gatun_emulated_warp_call(0xffffffffu, all, mine)
#else
#define GATUN_WARP_CALL(all, mine)  // nvcc reads this for the host, which has no kernels
#endif
#endif

// The same number, of which the compiler knows nothing: what is made of it is made here, and not before a loop that
// needs all registers.
GATUN_FN int gatun_anew(int x) {
#ifdef __CUDA_ARCH__
    asm volatile("" : "+r"(x));
#endif
    return x;
}

// 16 bytes from global to shared memory, the last 16 - bytes of them zeros; both addresses are multiples of 16. With
// bytes = 0 nothing is read. It is under way until gatun_async_wait says that its group has come; on the emulator
// it is NaN until then.
GATUN_FN void gatun_async_copy16(void* shared, const void* global, int bytes) {
#ifdef __CUDA_ARCH__
    unsigned to = (unsigned) __cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(bytes) : "memory");
#elif defined(GATUN_EMULATION)
    gatun_emulated_async_copy(shared, global, bytes);
#endif
}

// Closes a group of the thread's copies; groups come in the order in which they were closed.
GATUN_FN void gatun_async_commit() {
#ifdef __CUDA_ARCH__
    asm volatile("cp.async.commit_group;" ::: "memory");
#elif defined(GATUN_EMULATION)
    gatun_emulated_async_commit();
#endif
}

// Waits until all but the last PENDING groups of this thread have come; other threads see them after a barrier.
template <int PENDING>
GATUN_FN void gatun_async_wait() {
#ifdef __CUDA_ARCH__
    asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
#elif defined(GATUN_EMULATION)
    gatun_emulated_async_wait(PENDING);
#endif
}

#ifndef __CUDA_ARCH__
static inline gatun_lane* gatun_lane_of(void* const* lanes, int lane) {
    return (gatun_lane*) lanes[lane];
}

static inline void gatun_warp_load(void* const* lanes) {
    for (int lane = 0; lane < 32; lane++) {
        for (int j = 0; j < 4; j++) {
            const unsigned* row = (const unsigned*) gatun_lane_of(lanes, 8 * j + lane / 4)->row;
            gatun_lane_of(lanes, lane)->to[j] = row[lane % 4];
        }
    }
}

static inline void gatun_warp_load_transposed(void* const* lanes) {
    for (int lane = 0; lane < 32; lane++) {
        for (int j = 0; j < 4; j++) {
            int row = 8 * j + lane % 4 * 2;
            unsigned even = ((const unsigned short*) gatun_lane_of(lanes, row)->row)[lane / 4];
            unsigned odd = ((const unsigned short*) gatun_lane_of(lanes, row + 1)->row)[lane / 4];
            gatun_lane_of(lanes, lane)->to[j] = even | odd << 16;
        }
    }
}

// sum (16 x 8) += a (16 x K) b (K x 8), its elements where the lanes have them.
template <int K, typename ElementA, typename ElementB>
static inline void gatun_warp_mma(void* const* lanes, ElementA a, ElementB b) {
    for (int m = 0; m < 16; m++) {
        for (int n = 0; n < 8; n++) {
            float* sum = gatun_lane_of(lanes, m % 8 * 4 + n / 2)->sum + m / 8 * 2 + n % 2;
            for (int k = 0; k < K; k++) {
                *sum = fmaf(a(m, k), b(k, n), *sum);
            }
        }
    }
}

static inline void gatun_warp_mma_tf32(void* const* lanes) {
    gatun_warp_mma<8>(
            lanes,
            [&](int m, int k) { return gatun_float(gatun_lane_of(lanes, m % 8 * 4 + k % 4)->a[m / 8 + k / 4 * 2]); },
            [&](int k, int n) { return gatun_float(gatun_lane_of(lanes, n * 4 + k % 4)->b[k / 4]); });
}

// Element `half` of two bf16 in a register.
static inline float gatun_bf16_of(unsigned pair, int half) {
    return gatun_float(half ? pair & 0xffff0000u : pair << 16);
}

static inline void gatun_warp_mma_bf16(void* const* lanes) {
    gatun_warp_mma<16>(
            lanes,
            [&](int m, int k) {
                return gatun_bf16_of(gatun_lane_of(lanes, m % 8 * 4 + k % 8 / 2)->a[m / 8 + k / 8 * 2], k % 2);
            },
            [&](int k, int n) { return gatun_bf16_of(gatun_lane_of(lanes, n * 4 + k % 8 / 2)->b[k / 8], k % 2); });
}

static inline float gatun_f16_of(unsigned pair, int half) {
    return gatun_f16_float((unsigned short) (half ? pair >> 16 : pair & 0xffffu));
}

static inline void gatun_warp_mma_f16(void* const* lanes) {
    gatun_warp_mma<16>(
            lanes,
            [&](int m, int k) {
                return gatun_f16_of(gatun_lane_of(lanes, m % 8 * 4 + k % 8 / 2)->a[m / 8 + k / 8 * 2], k % 2);
            },
            [&](int k, int n) { return gatun_f16_of(gatun_lane_of(lanes, n * 4 + k % 8 / 2)->b[k / 8], k % 2); });
}
#endif

// Warp: four 8 x 8 matrices of 16-bit elements. Lane 8 j + r gives the address of row r of matrix j, 16 bytes; lane 4
// g + t gets in to[j] the elements (g, 2t) and (g, 2t + 1) of matrix j. Of 32-bit elements that is (g, t) of an 8 x 4
// matrix.
GATUN_FN void gatun_load_matrices(unsigned (&to)[4], const void* row) {
#ifdef __CUDA_ARCH__
    unsigned from = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
#else
    gatun_lane mine = {nullptr, {0, 0}, nullptr, row, to};
    GATUN_WARP_CALL(gatun_warp_load, &mine);
#endif
}

// Warp: the same, transposed: lane 4 g + t gets the elements (2t, g) and (2t + 1, g) of matrix j.
GATUN_FN void gatun_load_matrices_transposed(unsigned (&to)[4], const void* row) {
#ifdef __CUDA_ARCH__
    unsigned from = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(from)
                 : "memory");
#else
    gatun_lane mine = {nullptr, {0, 0}, nullptr, row, to};
    GATUN_WARP_CALL(gatun_warp_load_transposed, &mine);
#endif
}

// Rounded to the ten fraction bits of TF32, halves away from zero; NaN stays NaN.
GATUN_FN unsigned gatun_tf32(unsigned bits) {
#ifdef __CUDA_ARCH__
    unsigned rounded;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(gatun_float(bits)));
    return rounded;
#else
    if ((bits & 0x7f800000u) == 0x7f800000u) {
        return bits & 0x007fffffu ? 0x7fffe000u : bits;
    }
    return (bits + 0x1000u) & 0xffffe000u;
#endif
}

// Warp: sum (16 x 8) += a (16 x 8) b (8 x 8) in TF32 with fp32 sums.
// a[0..3] = (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); b[0..1] = (t, g), (t + 4, g);
// sum[0..3] = (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1).
GATUN_FN void gatun_mma_tf32(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#ifdef __CUDA_ARCH__
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    gatun_lane mine = {a, {b0, b1}, sum, nullptr, nullptr};
    GATUN_WARP_CALL(gatun_warp_mma_tf32, &mine);
#endif
}

// Warp: sum (16 x 8) += a (16 x 16) b (16 x 8) in bf16 with fp32 sums. Each register holds two elements, that of the
// smaller k in its low half. a[0..3] = (g, 2t), (g + 8, 2t), (g, 2t + 8), (g + 8, 2t + 8), each with its neighbour k
// + 1; b[0..1] = (2t, g), (2t + 8, g), likewise; sum as above.
GATUN_FN void gatun_mma_bf16(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#ifdef __CUDA_ARCH__
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    gatun_lane mine = {a, {b0, b1}, sum, nullptr, nullptr};
    GATUN_WARP_CALL(gatun_warp_mma_bf16, &mine);
#endif
}

// The same in binary16.
GATUN_FN void gatun_mma_f16(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
#ifdef __CUDA_ARCH__
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    gatun_lane mine = {a, {b0, b1}, sum, nullptr, nullptr};
    GATUN_WARP_CALL(gatun_warp_mma_f16, &mine);
#endif
}
