// The tile loops of GEMM and of the implicit-GEMM convolution: sum(m, n) += A(m, k) B(k, n) for one square tile of C,
// over k0 <= k < k1.
//
// A and B are sources: anything that hands out cursors. A source says where four (or, for the tensor cores, 16 bytes
// of) consecutive elements are, and gives zeros outside the matrix; "outer" is m for A and n for B. The elements of a
// run lie along k if the source is inner, else along outer:
//
//   struct Source {
//       bool inner;  // A_INNER, B_INNER say it again to the tensor-core loop, at compile time
//       Cursor cursor(int outer, int k) const;  // once a tile and thread; multiples of a run where it lies
//   };
//   struct Cursor {
//       gatun_f4 four() const;  // the SIMT loop: 4 elements from here
//       void copy(void* shared) const;  // the tensor-core loop: 16 bytes, by gatun_async_copy16 or by plain stores
//       void advance(int k);  // k further on, the loop's DEEP
//   };
//
// k1 - k0 is a multiple of DEEP or k1 is the end of the matrix. Both loops start with a barrier: every thread of the
// block must come.
#pragma once

#include "gatun.h"
#include "gatun_mma.h"

GATUN_FN void gatun_spread(float* to, gatun_f4 v) {
    to[0] = v.x;
    to[1] = v.y;
    to[2] = v.z;
    to[3] = v.w;
}

// A matrix in memory: element (outer, k) at base[outer * stride + k] if inner, else at base[k * stride + outer].
template <typename T>
struct GatunMatrix {
    static constexpr int RUN = 16 / sizeof(T);
    static constexpr int NEVER = 0x70000000;  // more than there ever are left
    const T* base;
    int stride;
    int outers;
    int deep;
    bool inner;
    bool aligned;  // base and stride are multiples of 16 bytes: uniform over the block, tested once

    struct Cursor {
        const T* at;
        int step;   // elements from one k to the next
        int left;   // k that exist from here on
        int whole;  // with so many left the run is all there, and aligned; or NEVER, and its width as outer goes
        bool inner;
        bool aligned;

        GATUN_METHOD int count(int run) const {
            int width = whole >= NEVER ? whole - NEVER : RUN;
            return inner ? min(min(width, run), max(left, 0)) : left > 0 ? min(width, run) : 0;
        }

        GATUN_METHOD gatun_f4 four() const {
            if (left >= whole) {
                return *(const gatun_f4*) at;
            }
            int count = this->count(4);
            gatun_f4 v = {0, 0, 0, 0};
            if (count > 0) v.x = at[0];
            if (count > 1) v.y = at[1];
            if (count > 2) v.z = at[2];
            if (count > 3) v.w = at[3];
            return v;
        }

        GATUN_METHOD void copy(void* shared) const {
            int count = this->count(RUN);
            if (aligned) {
                gatun_async_copy16(shared, at, count * (int)sizeof(T));
            } else {
                T* to = (T*)shared;
#pragma unroll
                for (int i = 0; i < RUN; i++) {
                    to[i] = i < count ? at[i] : T{};
                }
            }
        }

        GATUN_METHOD void advance(int k) {
            at += (long long) k * step;
            left -= k;
        }
    };

    // An outer beyond the matrix points at its beginning, of which nothing is then read.
    GATUN_METHOD Cursor cursor(int outer, int k) const {
        int width = max(min(inner ? (outer < outers ? RUN : 0) : outers - outer, RUN), 0);
        int whole = aligned && width == RUN ? (inner ? RUN : 1) : NEVER + width;
        long long from = width == 0 ? 0 : outer * (inner ? (long long) stride : 1ll);
        int step = inner ? 1 : stride;
        return {base + from + (long long) k * step, step, deep - k, whole, inner, aligned};
    }
};

// ---- fp32 on the plain pipes ----
//
// A block of T threads holds a tile of SIDE x SIDE, a warp 4 RM x 8 RN of it, a thread RM x RN: rows in groups of
// four, 16 apart, columns in groups of four, 32 apart. So a warp's loads from shared memory are 16 bytes a lane, 4
// (A) and 8 (B) different addresses: one pass each, without conflicts. Shared memory holds k down and outer across, 4
// floats of padding a row: 8 rows of a run along k are then stored into 32 different banks.
//
//   SIDE  RM x RN  threads  flops per byte of global, of shared (a warp's different ones)
//    128   8 x 8     256      32                        10.7
//     64   8 x 4     128      16                         8
//     32   4 x 4      64       8                         5.3
template <int SIDE_, int RM_, int RN_>
struct GatunSimtTile {
    static constexpr int SIDE = SIDE_;
    static constexpr int RM = RM_;
    static constexpr int RN = RN_;
    static constexpr int DEEP = 8;
    static constexpr int THREADS = 2 * SIDE;  // one run of A and one of B a thread and step
    static constexpr int ROW = SIDE + 4;
    static_assert(THREADS == SIDE / RM * (SIDE / RN), "one run a thread");

    static GATUN_METHOD int row() {
        int warp = threadIdx.x / 32;
        return warp / (SIDE / (8 * RN)) * (4 * RM) + threadIdx.x % 32 / 8 * 4;
    }

    static GATUN_METHOD int column() {
        int warp = threadIdx.x / 32;
        return warp % (SIDE / (8 * RN)) * (8 * RN) + threadIdx.x % 8 * 4;
    }

    // Where this thread's run of a step lies in the tile: 2 threads a row along k, or SIDE / 4 along outer.
    static GATUN_METHOD int run_outer(bool inner) {
        return inner ? threadIdx.x / 2 : threadIdx.x % (SIDE / 4) * 4;
    }

    static GATUN_METHOD int run_k(bool inner) {
        return inner ? threadIdx.x % 2 * 4 : threadIdx.x / (SIDE / 4);
    }

    static GATUN_METHOD void put(float* stage, bool inner, gatun_f4 v) {
        float* to = stage + run_k(inner) * ROW + run_outer(inner);
        if (inner) {
            to[0] = v.x;
            to[ROW] = v.y;
            to[2 * ROW] = v.z;
            to[3 * ROW] = v.w;
        } else {
            *(gatun_f4*)to = v;
        }
    }
};

template <class Tile, class A, class B>
GATUN_FN void gatun_multiply_simt(
        float (&sum)[Tile::RM][Tile::RN], const A& a, const B& b, int row0, int col0, int k0, int k1) {
    constexpr int ROW = Tile::ROW;
    __shared__ __align__(16) float sa[2][Tile::DEEP * ROW];
    __shared__ __align__(16) float sb[2][Tile::DEEP * ROW];
    int row = Tile::row();
    int column = Tile::column();
    __syncthreads();
    if (k0 >= k1) {
        return;
    }
    auto fromA = a.cursor(row0 + Tile::run_outer(a.inner), k0 + Tile::run_k(a.inner));
    auto fromB = b.cursor(col0 + Tile::run_outer(b.inner), k0 + Tile::run_k(b.inner));
    Tile::put(sa[0], a.inner, fromA.four());
    Tile::put(sb[0], b.inner, fromB.four());
    __syncthreads();
    int stage = 0;
    for (int k = k0 + Tile::DEEP;; k += Tile::DEEP) {
        bool more = k < k1;
        gatun_f4 nextA, nextB;
        if (more) {  // under way while this stage is multiplied
            fromA.advance(Tile::DEEP);
            fromB.advance(Tile::DEEP);
            nextA = fromA.four();
            nextB = fromB.four();
        }
#pragma unroll
        for (int i = 0; i < Tile::DEEP; i++) {
            float x[Tile::RM], y[Tile::RN];
#pragma unroll
            for (int q = 0; q < Tile::RM; q += 4) {
                gatun_spread(&x[q], *(const gatun_f4*) &sa[stage][i * ROW + row + 4 * q]);
            }
#pragma unroll
            for (int q = 0; q < Tile::RN; q += 4) {
                gatun_spread(&y[q], *(const gatun_f4*) &sb[stage][i * ROW + column + 8 * q]);
            }
#pragma unroll
            for (int m = 0; m < Tile::RM; m++) {
#pragma unroll
                for (int n = 0; n < Tile::RN; n++) {
                    sum[m][n] = fmaf(x[m], y[n], sum[m][n]);
                }
            }
        }
        if (!more) {
            return;
        }
        stage ^= 1;
        Tile::put(sa[stage], a.inner, nextA);
        Tile::put(sb[stage], b.inner, nextB);
        __syncthreads();
    }
}

// Hands the tile's sums to out.put<4>(row, col, four sums), whose epilogue is compiled once and not 16 times: the
// loops stay loops, and the registers move up instead of being indexed. 8 x 7 x 8 moves a thread against 64
// multiply-adds for every k.
template <class Tile, class Out>
GATUN_FN void gatun_store_simt(
        float (&sum)[Tile::RM][Tile::RN], int row0, int col0, const Out& out) {
    int row = row0 + Tile::row();
    int column = col0 + Tile::column();
#pragma unroll 1
    for (int m = 0; m < Tile::RM; m++) {
        int at = row + m % 4 + m / 4 * 16;
#pragma unroll 1
        for (int n = 0; n < Tile::RN; n += 4) {
            out.template put<4>(at, column + 8 * n, sum[0]);
#pragma unroll
            for (int i = 0; i + 4 < Tile::RN; i++) {
                sum[0][i] = sum[0][i + 4];
            }
        }
#pragma unroll
        for (int i = 0; i + 1 < Tile::RM; i++) {
#pragma unroll
            for (int j = 0; j < Tile::RN; j++) {
                sum[i][j] = sum[i + 1][j];
            }
        }
    }
}

// ---- tensor cores ----
//
// A stage holds 64 bytes of k for every outer: 32 k of bf16, 16 k of TF32, SIDE * 64 bytes for A and as many for B;
// two steps of mma. Rows are 64 bytes along k if the source is inner, else SIDE elements along outer. A chunk of 16
// bytes lies at its place xor a few bits of its row's number, so that ldmatrix (8 rows, one chunk each) and the
// single loads of transposed TF32 (4 rows x 8 elements) touch all 32 banks once.
//
//   SIDE  warps  a warp  threads  stages  shared    flops per byte of global, of shared (16 bits; TF32 half of it)
//    128  2 x 4  64 x 32   256      3     48 KB       64                       21.3
//     64  2 x 2  32 x 32   128      4     32 KB       32                       16
struct GatunTf32 {
    static constexpr int BYTES = 4;
    static constexpr int DEEP = 16;
    static GATUN_METHOD int swizzle(int k) { return (k & 3) << 1; }
    static GATUN_METHOD void round(unsigned (&v)[4]) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            v[i] = gatun_tf32(v[i]);
        }
    }
    static GATUN_METHOD void mma(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
        gatun_mma_tf32(sum, a, b0, b1);
    }
};

struct GatunBf16 {
    static constexpr int BYTES = 2;
    static constexpr int DEEP = 32;
    static GATUN_METHOD int swizzle(int k) { return k & 7; }
    static GATUN_METHOD void round(unsigned (&)[4]) {}
    static GATUN_METHOD void mma(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
        gatun_mma_bf16(sum, a, b0, b1);
    }
};

struct GatunF16 {
    static constexpr int BYTES = 2;
    static constexpr int DEEP = 32;
    static GATUN_METHOD int swizzle(int k) { return k & 7; }
    static GATUN_METHOD void round(unsigned (&)[4]) {}
    static GATUN_METHOD void mma(float (&sum)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
        gatun_mma_f16(sum, a, b0, b1);
    }
};

template <class Math_, int SIDE_, int STAGES_>
struct GatunTensorTile {
    using Math = Math_;
    static constexpr int SIDE = SIDE_;
    static constexpr int STAGES = STAGES_;
    static constexpr int THREADS = 2 * SIDE;
    static constexpr int WARPS_N = SIDE / 32;
    static constexpr int MI = SIDE / 32;  // mma rows of 16 a warp: 2 warps share the tile's rows
    static constexpr int NI = 4;  // mma columns of 8 a warp
    static constexpr int BYTES = SIDE * 64;  // one operand's stage
    static constexpr int RUN = 16 / Math::BYTES;
    static constexpr int ROW = SIDE * Math::BYTES;
    static_assert(THREADS / 32 == 2 * WARPS_N, "2 rows of warps");
    static_assert(STAGES * 2 * BYTES <= 48 * 1024, "static shared memory");

    static GATUN_METHOD int warp_row() { return threadIdx.x / 32 / WARPS_N * (SIDE / 2); }
    static GATUN_METHOD int warp_column() { return threadIdx.x / 32 % WARPS_N * 32; }

    // Byte of chunk c (16 bytes) of a stage's row.
    template <bool INNER>
    static GATUN_METHOD int chunk(int row, int c) {
        return INNER ? row * 64 + ((c ^ (row >> 1 & 3)) << 4) : row * ROW + ((c ^ Math::swizzle(row)) << 4);
    }

    // Each thread brings two chunks of an operand a stage, the second half a stage after the first.
    template <bool INNER>
    static GATUN_METHOD int copy_outer(int i) {
        int q = threadIdx.x + i * THREADS;
        return INNER ? q / 4 : q % (SIDE / RUN) * RUN;
    }

    template <bool INNER>
    static GATUN_METHOD int copy_k(int i) {
        int q = threadIdx.x + i * THREADS;
        return INNER ? q % 4 * RUN : q / (SIDE / RUN);
    }

    template <bool INNER>
    static GATUN_METHOD int copy_at(int i) {
        return INNER ? chunk<true>(copy_outer<true>(i), copy_k<true>(i) / RUN)
                     : chunk<false>(copy_k<false>(i), copy_outer<false>(i) / RUN);
    }

    // Four 8 x 16-byte blocks of registers at (outer, step): lane j = 0..3 takes block j at outer + 8 * ob(j), half
    // hb(j) of the step's 32 bytes of k. A wants the blocks as outer 0, 1, 0, 1 and halves 0, 0, 1, 1 (a0..a3); B two
    // columns of mma as outer 0, 0, 1, 1 and halves 0, 1, 0, 1 (b0, b1, b0, b1).
    template <bool INNER, bool IS_A>
    static GATUN_METHOD void fragment(unsigned (&to)[4], const unsigned char* stage, int outer, int step) {
        int lane = threadIdx.x % 32;
        int j = lane / 8;
        int r = lane % 8;
        int block = IS_A ? j % 2 : j / 2;
        int half = IS_A ? j / 2 : j % 2;
        if (INNER) {
            gatun_load_matrices(to, stage + chunk<true>(outer + 8 * block + r, 2 * step + half));
        } else if (Math::BYTES == 2) {
            int k = 16 * step + 8 * half + r;
            gatun_load_matrices_transposed(to, stage + chunk<false>(k, (outer + 8 * block) / RUN));
        } else {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int o = outer + 8 * (IS_A ? i % 2 : i / 2) + lane / 4;
                int k = 8 * step + 4 * (IS_A ? i / 2 : i % 2) + lane % 4;
                to[i] = *(const unsigned*)(stage + chunk<false>(k, o / 4) + o % 4 * 4);
            }
        }
        Math::round(to);
    }
};

template <class Tile, bool A_INNER, bool B_INNER, class A, class B>
GATUN_FN void gatun_multiply_tensor(
        float (&sum)[Tile::MI][Tile::NI][4], const A& a, const B& b, int row0, int col0, int k0, int k1) {
    constexpr int STAGES = Tile::STAGES;
    constexpr int DEEP = Tile::Math::DEEP;
    __shared__ __align__(128) unsigned char shared[STAGES][2][Tile::BYTES];
    decltype(a.cursor(0, 0)) fromA[2] = {
        a.cursor(row0 + Tile::template copy_outer<A_INNER>(0), k0 + Tile::template copy_k<A_INNER>(0)),
        a.cursor(row0 + Tile::template copy_outer<A_INNER>(1), k0 + Tile::template copy_k<A_INNER>(1))};
    decltype(b.cursor(0, 0)) fromB[2] = {
        b.cursor(col0 + Tile::template copy_outer<B_INNER>(0), k0 + Tile::template copy_k<B_INNER>(0)),
        b.cursor(col0 + Tile::template copy_outer<B_INNER>(1), k0 + Tile::template copy_k<B_INNER>(1))};
    auto bring = [&](int stage) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            fromA[i].copy(shared[stage][0] + Tile::template copy_at<A_INNER>(i));
            fromB[i].copy(shared[stage][1] + Tile::template copy_at<B_INNER>(i));
            fromA[i].advance(DEEP);
            fromB[i].advance(DEEP);
        }
    };
    int ahead = k0;
    __syncthreads();
#pragma unroll
    for (int s = 0; s < STAGES - 1; s++, ahead += DEEP) {
        if (ahead < k1) {
            bring(s);
        }
        gatun_async_commit();
    }
    int row = Tile::warp_row();
    int column = Tile::warp_column();
    int stage = 0;
    int next = STAGES - 1;
    for (int k = k0; k < k1; k += DEEP, ahead += DEEP) {
        gatun_async_wait<STAGES - 2>();
        __syncthreads();  // this stage has come for everyone, and nobody reads the one before it, where the next goes
        if (ahead < k1) {
            bring(next);
        }
        gatun_async_commit();
#pragma unroll
        for (int step = 0; step < 2; step++) {
            unsigned y[Tile::NI / 2][4];
#pragma unroll
            for (int n = 0; n < Tile::NI / 2; n++) {
                Tile::template fragment<B_INNER, false>(y[n], shared[stage][1], column + 16 * n, step);
            }
#pragma unroll
            for (int m = 0; m < Tile::MI; m++) {
                unsigned x[4];
                Tile::template fragment<A_INNER, true>(x, shared[stage][0], row + 16 * m, step);
#pragma unroll
                for (int n = 0; n < Tile::NI; n++) {
                    Tile::Math::mma(sum[m][n], x, y[n / 2][n % 2 * 2], y[n / 2][n % 2 * 2 + 1]);
                }
            }
        }
        stage = stage + 1 == STAGES ? 0 : stage + 1;
        next = next + 1 == STAGES ? 0 : next + 1;
    }
    gatun_async_wait<0>();
}

// Hands the tile's sums to out.put<2>(row, col, two sums), its epilogue compiled once: see gatun_store_simt.
template <class Tile, class Out>
GATUN_FN void gatun_store_tensor(
        float (&sum)[Tile::MI][Tile::NI][4], int row0, int col0, const Out& out) {
    int lane = threadIdx.x % 32;
    int row = row0 + Tile::warp_row() + lane / 4;
    int column = col0 + Tile::warp_column() + lane % 4 * 2;
#pragma unroll 1
    for (int m = 0; m < Tile::MI; m++) {
#pragma unroll 1
        for (int half = 0; half < 2 * Tile::NI; half++) {
            out.template put<2>(row + 16 * m + half % 2 * 8, column + half / 2 * 8, sum[0][0]);
#pragma unroll
            for (int i = 0; i + 2 < 4 * Tile::NI; i++) {
                sum[0][i / 4][i % 4] = sum[0][(i + 2) / 4][(i + 2) % 4];
            }
        }
#pragma unroll
        for (int i = 0; i + 1 < Tile::MI; i++) {
#pragma unroll
            for (int j = 0; j < 4 * Tile::NI; j++) {
                sum[i][j / 4][j % 4] = sum[i + 1][j / 4][j % 4];
            }
        }
    }
}
