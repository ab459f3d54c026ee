// The tile loop of the implicit GEMMs in conv.cu: C[M x N] += A[M x K] B[K x N], where A and B are not in memory but are made
// by loaders, tile by tile, from images and filters.
//
// One block of 128 threads has a tile of M x N results in registers and walks over K in steps of 16. A step's slices of A and B
// go from memory to registers while the step before is multiplied, and from there to the other half of a double buffer in
// shared memory, so there is one barrier a step. A thread reads each value of its fragments once a k for ROWS or COLS
// multiply-adds: at 8x8, 64 bytes of shared memory for 64 of them.
//
// Loaders: conv_loaders.h.
#pragma once

#define CONV_K 16
#define CONV_THREADS 128

template <int M_, int N_, int ROWS_, int COLS_>
struct conv_tile {
    enum { M = M_, N = N_, ROWS = ROWS_, COLS = COLS_ };
    enum { LDA = M + 4, LDB = N + 4 };  // 4: a k-slice's rows begin at addresses of 16 bytes, in other banks
    enum { SHARED = 2 * CONV_K * (LDA + LDB) };
    static_assert(M / ROWS * (N / COLS) == CONV_THREADS, "a tile is the work of 128 threads");
};

template <int SIZE, typename T>
GATUN_FN void conv_load(const T* p, float (&v)[SIZE]) {
#pragma unroll
    for (int e = 0; e < SIZE; e++) {
        v[e] = 0.0f;
    }
    if (p != nullptr) {
        if constexpr (SIZE == 4) {
            gatun_f4 x = gatun_load4(p);
            v[0] = x.x;
            v[1] = x.y;
            v[2] = x.z;
            v[3] = x.w;
        } else {
            v[0] = gatun_load(p);
        }
    }
}

// One thread's share of a slice of 16 by SIDE values: on its way from memory to shared memory.
template <int SIDE, int STRIDE, class Loader>
struct conv_stage {
    enum { RUN = Loader::RUN, LINE = (Loader::ALONG_K ? CONV_K : SIDE) / RUN, LINES = Loader::ALONG_K ? SIDE : CONV_K };
    enum { SWEEP = CONV_THREADS / LINE, COUNT = (LINES + SWEEP - 1) / SWEEP };

    Loader loader;
    float held[COUNT][RUN];

    static GATUN_METHOD int place() {
        return (int) threadIdx.x % LINE * RUN;
    }

    static GATUN_METHOD int line(int i) {
        return (int) threadIdx.x / LINE + i * SWEEP;
    }

    GATUN_METHOD void fetch(int k) {
        if constexpr (Loader::ALONG_K) {
            loader.fix(k + place());
        }
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            if (LINES % SWEEP == 0 || line(i) < LINES) {
                if constexpr (Loader::ALONG_K) {
                    conv_load(loader.find(loader.line(line(i))), held[i]);
                } else {
                    conv_load(loader.find(k + line(i)), held[i]);
                }
            }
        }
    }

    GATUN_METHOD void put(float* slice) const {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            if (LINES % SWEEP == 0 || line(i) < LINES) {
#pragma unroll
                for (int e = 0; e < RUN; e++) {
                    slice[Loader::ALONG_K ? (place() + e) * STRIDE + line(i) : line(i) * STRIDE + place() + e] = held[i][e];
                }
            }
        }
    }
};

// Where this thread's results lie in the tile: groups of four rows and four columns, so that lanes read shared memory in
// 16-byte words without a conflict.
template <class Tile>
GATUN_FN int conv_row_of(int i) {
    return i / 4 * (Tile::M / (Tile::ROWS / 4)) + (int) threadIdx.x / (Tile::N / Tile::COLS) * 4 + i % 4;
}

template <class Tile>
GATUN_FN int conv_column_of(int j) {
    return j / 4 * (Tile::N / (Tile::COLS / 4)) + (int) threadIdx.x % (Tile::N / Tile::COLS) * 4 + j % 4;
}

template <class Tile>
GATUN_FN void conv_multiply(const float* a, const float* b, float (&sum)[Tile::ROWS][Tile::COLS]) {
#pragma unroll 4
    for (int k = 0; k < CONV_K; k++) {
        // By reference: nvcc 13.0 loads a copy of the struct twice, each time with half of it unused, which PTX before 8.3 lacks.
        float x[Tile::ROWS];
        float y[Tile::COLS];
#pragma unroll
        for (int i = 0; i < Tile::ROWS; i += 4) {
            const gatun_f4& four = *(const gatun_f4*) (a + k * Tile::LDA + conv_row_of<Tile>(i));
            x[i] = four.x;
            x[i + 1] = four.y;
            x[i + 2] = four.z;
            x[i + 3] = four.w;
        }
#pragma unroll
        for (int j = 0; j < Tile::COLS; j += 4) {
            const gatun_f4& four = *(const gatun_f4*) (b + k * Tile::LDB + conv_column_of<Tile>(j));
            y[j] = four.x;
            y[j + 1] = four.y;
            y[j + 2] = four.z;
            y[j + 3] = four.w;
        }
#pragma unroll
        for (int i = 0; i < Tile::ROWS; i++) {
#pragma unroll
            for (int j = 0; j < Tile::COLS; j++) {
                sum[i][j] = fmaf(x[i], y[j], sum[i][j]);
            }
        }
    }
}

// sum += A B for k from `begin` to `end`.
template <class Tile, class A, class B>
GATUN_FN void conv_loop(const A& a, const B& b, int begin, int end, float* shared, float (&sum)[Tile::ROWS][Tile::COLS]) {
    conv_stage<Tile::M, Tile::LDA, A> left = {a};
    conv_stage<Tile::N, Tile::LDB, B> right = {b};
    if constexpr (!A::ALONG_K) {
        left.loader.fix(left.place());
    }
    if constexpr (!B::ALONG_K) {
        right.loader.fix(right.place());
    }
    float* as = shared;
    float* bs = shared + 2 * CONV_K * Tile::LDA;
    int half = 0;
    // The first turn only fetches: so the loaders' code, which is longer than the products', is there once.
    for (int k = begin - CONV_K; k < end; k += CONV_K) {
        bool more = k + CONV_K < end;
        if (more) {
            left.fetch(k + CONV_K);
            right.fetch(k + CONV_K);
        }
        if (k >= begin) {
            conv_multiply<Tile>(as + half * CONV_K * Tile::LDA, bs + half * CONV_K * Tile::LDB, sum);
        }
        half ^= 1;
        if (more) {
            left.put(as + half * CONV_K * Tile::LDA);
            right.put(bs + half * CONV_K * Tile::LDB);
        }
        __syncthreads();
    }
}

// Hands the sums to out.put(row, column, four sums), whose code is there once: the loop over rows stays a loop, and the
// registers move up instead of being indexed. ROWS^2 COLS / 2 moves a thread, as many as some four k have multiply-adds.
template <class Tile, class Out>
GATUN_FN void conv_store(float (&sum)[Tile::ROWS][Tile::COLS], const Out& out) {
#pragma unroll 1
    for (int i = 0; i < Tile::ROWS; i++) {
#pragma unroll 1
        for (int j = 0; j < Tile::COLS; j += 4) {
            out.template put<4>(conv_row_of<Tile>(i), conv_column_of<Tile>(j), sum[0]);
#pragma unroll
            for (int e = 0; e + 4 < Tile::COLS; e++) {
                sum[0][e] = sum[0][e + 4];
            }
        }
#pragma unroll
        for (int r = 0; r + 1 < Tile::ROWS; r++) {
#pragma unroll
            for (int e = 0; e < Tile::COLS; e++) {
                sum[r][e] = sum[r + 1][e];
            }
        }
    }
}
