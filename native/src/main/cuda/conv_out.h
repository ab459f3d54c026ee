// Where the tiles of conv.cu go. put<N> takes N neighbouring sums of a tile's row. Sums of more than CONV_FOLD terms come in
// pieces, the first with bias, the last with the activation.
#pragma once

// fp32 sums are put by after as many terms: 1,024 of one sign are some 24 u off, 4,608 (512 channels, 3x3) would be 50.
#define CONV_FOLD 1024

template <int N, typename T>
GATUN_FN void conv_store_run(T* to, const float (&v)[N], int count, bool wide) {
    if constexpr (N == 4) {
        if (wide && count >= 4) {
            gatun_store4(to, gatun_f4{v[0], v[1], v[2], v[3]});
            return;
        }
    }
#pragma unroll
    for (int e = 0; e < N; e++) {
        if (e < count) {
            gatun_store(to + e, v[e]);
        }
    }
}

// dst or diffSrc.
template <typename T>
struct conv_image_out {
    T* out;
    const float* bias;  // the group's first, or null
    const conv_shape& s;
    const conv_part& part;
    int first_n;
    bool wide;
    int kind;
    float alpha, beta;
    bool first, last;

    template <int N>
    GATUN_METHOD void put(int row, int column, const float* sum) const {
        long long place = part.place(s, row);
        int n = first_n + column;
        int count = s.nc - n;
        if (place < 0 || count <= 0) {
            return;
        }
        T* to = out + place + n;
        float v[N];
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] = sum[e];
            if (e < count) {
                if (!first) {
                    v[e] += gatun_load(to + e);
                } else if (bias != nullptr) {
                    v[e] += gatun_load(bias + n + e);
                }
            }
        }
        if (last && kind != GATUN_IDENTITY) {
#pragma unroll 1
            for (int e = 0; e < N; e++) {  // the values go round, so that the polynomials are there once
                float y = gatun_activate(kind, alpha, beta, v[0]);
#pragma unroll
                for (int i = 0; i + 1 < N; i++) {
                    v[i] = v[i + 1];
                }
                v[N - 1] = y;
            }
        }
        conv_store_run(to, v, count, wide);
    }
};

// diffWeights of one group and split.
struct conv_filter_out {
    float* out;
    int first_m, first_n, rows, width;
    bool wide, first, last;

    template <int N>
    GATUN_METHOD void put(int row, int column, const float* sum) const {
        int m = first_m + row;
        int n = first_n + column;
        if (m >= rows || n >= width) {
            return;
        }
        float* to = out + (long long) m * width + n;
        float v[N];
#pragma unroll
        for (int e = 0; e < N; e++) {
            v[e] = first || n + e >= width ? sum[e] : to[e] + sum[e];
        }
        conv_store_run(to, v, width - n, wide);
    }
};
