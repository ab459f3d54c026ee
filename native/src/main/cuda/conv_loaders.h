// What the implicit GEMMs of conv.cu read: pixels under filter taps, and filters, as matrices that are nowhere in memory.
//
// A loader has ALONG_K, whether neighbours in memory are neighbours in k (else in m or n); RUN, how many of them it is asked
// for at once; fix(i), which takes the index in that direction; and find(j), which gives the address of the run from there on
// at index j of the other direction, or null where zeros are. Where ALONG_K, j is a line: what line(m or n) makes of an index.
// Indices in m and n count from the tile's corner, those in k from 0.
#pragma once

// Division of a number below 2^31 by a constant that the host knows, as gatun_quotient, without that one's branch for larger
// numbers: it stands in the inner loops. Java refuses convolutions of 2^31 pixels, or elements of filters or of one image.
struct conv_divisor {
    unsigned divisor, factor, shift;
};

GATUN_FN unsigned conv_over(unsigned n, conv_divisor d) {
    return ((unsigned) ((unsigned long long) n * d.factor >> 32) + n) >> d.shift;
}

// A result pixel: where tap (0, 0) lies, and the number of the first element that it would have in `in`.
struct conv_pixel {
    long long base;
    int y, x;
};

#define CONV_NOWHERE (-0x40000000)

// One axis of one phase. Result row number r is out row first + r * out_step, and its tap number a, which is row
// tap + a * tap_stride of the filter, lies on in row r * step + offset + a * tap_step.
struct conv_axis {
    int first, out_step, step, offset, taps, tap, tap_stride, tap_step;
};

// Forward, tap i of out row y lies on in row y * stride - padding + i * dilation.
GATUN_FN conv_axis conv_forward_axis(int stride, int dilation, int padding, int kernel) {
    return {0, 1, stride, -padding, kernel, 0, 1, dilation};
}

// Backward, out row o depends on in row y by tap i where y * stride = o + padding - i * dilation. Rows o that are equal modulo
// the stride are a phase: they have the same taps, every tap_stride'th = stride / gcd(stride, dilation), and the in row falls
// by dilation / gcd from one to the next.
GATUN_FN conv_axis conv_backward_axis(int phase, int stride, int dilation, int padding, int kernel, int tap_stride) {
    int tap = 0;
    while (tap < tap_stride && (phase + padding - (long long) tap * dilation) % stride != 0) {
        tap++;
    }
    bool some = tap < tap_stride && tap < kernel;
    int taps = some ? (kernel - tap + tap_stride - 1) / tap_stride : 0;
    int offset = some ? (int) ((phase + padding - (long long) tap * dilation) / stride) : 0;
    return {phase, stride, 1, offset, taps, tap, tap_stride, -(int) ((long long) tap_stride * dilation / stride)};
}

// Forward and backward data are one problem: each result pixel gathers, tap after tap, the pixels of `in` that it depends on.
// Forward in is src and out is dst; backward in is diffDst and out is diffSrc. kc and nc: channels of a group in `in` and in
// `out`. by_h, by_w: result pixels of one phase. Taps of a phase in a row: kw / tap_stride_x, or one more.
struct conv_shape {
    int images, in_h, in_w, in_c, out_h, out_w, out_c, kc, nc, kh, kw, sh, sw, dh, dw, ph, pw, tap_stride_y, tap_stride_x;
    conv_divisor by_h, by_w, by_kc, by_few, by_many;

    // Backward: no more phases than there are rows or columns.
    GATUN_METHOD int phases_y() const {
        return sh < out_h ? sh : out_h;
    }

    GATUN_METHOD int phases_x() const {
        return sw < out_w ? sw : out_w;
    }
};

#define CONV_DIVISOR(name) int name, int name##_factor, int name##_shift
#define CONV_BY(name) \
    conv_divisor { (unsigned) name, (unsigned) name##_factor, (unsigned) name##_shift }

#define CONV_SHAPE_PARAMETERS                                                                                             \
    int images, int in_h, int in_w, int in_c, int out_h, int out_w, int out_c, int nc, int kh, int kw, int sh, int sw,    \
        int dh, int dw, int ph, int pw, int tap_stride_y, int tap_stride_x, CONV_DIVISOR(rows_h), CONV_DIVISOR(rows_w),   \
        CONV_DIVISOR(kc), CONV_DIVISOR(few), CONV_DIVISOR(many)

#define CONV_SHAPE                                                                                                        \
    conv_shape {                                                                                                          \
        images, in_h, in_w, in_c, out_h, out_w, out_c, kc, nc, kh, kw, sh, sw, dh, dw, ph, pw, tap_stride_y,              \
            tap_stride_x, CONV_BY(rows_h), CONV_BY(rows_w), CONV_BY(kc), CONV_BY(few), CONV_BY(many)                      \
    }

// One block's part of it: pixels from `first` on, in one phase and one group.
struct conv_part {
    conv_axis row, column;
    int group, first, pixels;

    template <bool BACKWARD>
    GATUN_METHOD void set_phase(const conv_shape& s, int phase) {
        if (BACKWARD) {
            row = conv_backward_axis(phase / s.phases_x(), s.sh, s.dh, s.ph, s.kh, s.tap_stride_y);
            column = conv_backward_axis(phase % s.phases_x(), s.sw, s.dw, s.pw, s.kw, s.tap_stride_x);
        } else {
            row = conv_forward_axis(s.sh, s.dh, s.ph, s.kh);
            column = conv_forward_axis(s.sw, s.dw, s.pw, s.kw);
        }
    }

    GATUN_METHOD conv_pixel pixel(const conv_shape& s, int index) const {
        unsigned m = (unsigned) (first + index);
        unsigned line = conv_over(m, s.by_w);
        unsigned image = conv_over(line, s.by_h);
        conv_pixel p;
        p.y = (int) (line - image * s.by_h.divisor) * row.step + row.offset;
        p.x = (int) (m - line * s.by_w.divisor) * column.step + column.offset;
        p.base = (((long long) image * s.in_h + p.y) * s.in_w + p.x) * s.in_c + (long long) group * s.kc;
        p.y = m < (unsigned) pixels ? p.y : CONV_NOWHERE;
        return p;
    }

    // The number of the first element in `out`, or -1: phases differ by a row or a column.
    GATUN_METHOD long long place(const conv_shape& s, int index) const {
        unsigned m = (unsigned) (first + index);
        unsigned line = conv_over(m, s.by_w);
        unsigned image = conv_over(line, s.by_h);
        int y = row.first + (int) (line - image * s.by_h.divisor) * row.out_step;
        int x = column.first + (int) (m - line * s.by_w.divisor) * column.out_step;
        bool inside = m < (unsigned) pixels && y < s.out_h && x < s.out_w;
        return inside ? (((long long) image * s.out_h + y) * s.out_w + x) * s.out_c + (long long) group * s.nc : -1;
    }
};

// A, K = taps x channels: m are pixels, k is (tap row, tap column, channel).
template <typename T, int RUN_, bool TABLE>
struct conv_pixels {
    enum { ALONG_K = 1, RUN = RUN_ };
    using Element = T;
    using Line = conv_pixel;
    const T* base;
    const conv_shape& s;
    const conv_part& part;
    const conv_pixel* table;  // of the tile's pixels, in shared memory, where TABLE
    int depth;
    conv_divisor by_taps;
    int dy, dx;
    int shift;  // of the elements of one image, which are fewer than 2^31; out of range, and unused, outside it
    bool live;

    GATUN_METHOD Line line(int m) const {
        if constexpr (TABLE) {
            return table[m];
        }
        return part.pixel(s, m);
    }

    GATUN_METHOD void fix(int k) {
        unsigned tap = conv_over((unsigned) k, s.by_kc);
        unsigned row = conv_over(tap, by_taps);
        int c = k - (int) (tap * s.by_kc.divisor);
        dy = (int) row * part.row.tap_step;
        dx = (int) (tap - row * by_taps.divisor) * part.column.tap_step;
        shift = (int) (((unsigned) dy * (unsigned) s.in_w + (unsigned) dx) * (unsigned) s.in_c) + c;
        live = k < depth;
    }

    GATUN_METHOD const T* find(const Line& p) const {
        bool inside = live && (unsigned) (p.y + dy) < (unsigned) s.in_h && (unsigned) (p.x + dx) < (unsigned) s.in_w;
        return inside ? base + p.base + shift : nullptr;
    }
};

// B forward: n are filters, whose taps and channels lie one behind the other.
template <typename T, int RUN_>
struct conv_filters {
    enum { ALONG_K = 1, RUN = RUN_ };
    using Element = T;
    using Line = int;
    const T* base;  // the tile's first filter
    int count, depth;
    int at;

    GATUN_METHOD Line line(int n) const {
        return n;
    }

    GATUN_METHOD void fix(int k) {
        at = k;
    }

    GATUN_METHOD const T* find(Line n) const {
        return at < depth && n < count ? base + (n * depth + at) : nullptr;
    }
};

// B backward data: n are input channels, k is (tap row, tap column, filter).
template <typename T, int RUN_>
struct conv_taps {
    enum { ALONG_K = 0, RUN = RUN_ };
    using Element = T;
    using Line = int;  // unused: each k is one
    const T* base;  // the group's first filter, the tile's first channel
    const conv_shape& s;
    const conv_part& part;
    int count, depth;
    conv_divisor by_taps;
    int at;

    GATUN_METHOD void fix(int n) {
        at = n;
    }

    GATUN_METHOD const T* find(int k) const {
        unsigned tap = conv_over((unsigned) k, s.by_kc);
        unsigned row = conv_over(tap, by_taps);
        int filter = k - (int) (tap * s.by_kc.divisor);
        int i = part.row.tap + (int) row * part.row.tap_stride;
        int j = part.column.tap + (int) (tap - row * by_taps.divisor) * part.column.tap_stride;
        return k < depth && at < count ? base + (((filter * s.kh + i) * s.kw + j) * s.nc + at) : nullptr;
    }
};

// A backward weights: m are filters, k are dst's pixels.
template <typename T, int RUN_>
struct conv_diffs {
    enum { ALONG_K = 0, RUN = RUN_ };
    using Element = T;
    using Line = int;  // unused: each k is one
    const T* base;  // the tile's first filter
    int count, end, out_c;
    int at;

    GATUN_METHOD void fix(int m) {
        at = m;
    }

    GATUN_METHOD const T* find(int k) const {
        return k < end && at < count ? base + (long long) k * out_c + at : nullptr;
    }
};

// Backward weights as its parameters say it.
struct conv_filter_shape {
    int h, w, ic, oc, groups, kh, sh, sw, dh, dw, ph, pw, pixels, length;
    conv_divisor by_oh, by_ow, by_ic, by_kw;  // by_ic: channels of a group
};

#define CONV_FILTER_PARAMETERS                                                                                            \
    int h, int w, int ic, int oc, int groups, int kh, int sh, int sw, int dh, int dw, int ph, int pw, int pixels,         \
        int length, CONV_DIVISOR(oh), CONV_DIVISOR(ow), CONV_DIVISOR(icg), CONV_DIVISOR(kw)

#define CONV_FILTER_SHAPE                                                                                                 \
    conv_filter_shape {                                                                                                   \
        h, w, ic, oc, groups, kh, sh, sw, dh, dw, ph, pw, pixels, length, CONV_BY(oh), CONV_BY(ow), CONV_BY(icg),         \
            CONV_BY(kw)                                                                                                   \
    }

// B backward weights: n is (tap row, tap column, channel), k are dst's pixels.
template <typename T, int RUN_>
struct conv_columns {
    enum { ALONG_K = 0, RUN = RUN_ };
    using Element = T;
    using Line = int;  // unused: each k is one
    const T* base;  // the group's first channel
    const conv_filter_shape& s;
    int first, count, end;
    int dy, dx, c;
    bool live;

    GATUN_METHOD void fix(int n) {
        unsigned tap = conv_over((unsigned) (first + n), s.by_ic);
        unsigned row = conv_over(tap, s.by_kw);
        c = first + n - (int) (tap * s.by_ic.divisor);
        dy = (int) row * s.dh - s.ph;
        dx = (int) (tap - row * s.by_kw.divisor) * s.dw - s.pw;
        live = n < count;
    }

    GATUN_METHOD const T* find(int k) const {
        unsigned line = conv_over((unsigned) k, s.by_ow);
        unsigned image = conv_over(line, s.by_oh);
        int y = (int) (line - image * s.by_oh.divisor) * s.sh + dy;
        int x = (int) ((unsigned) k - line * s.by_ow.divisor) * s.sw + dx;
        bool inside = live && k < end && (unsigned) y < (unsigned) s.h && (unsigned) x < (unsigned) s.w;
        return inside ? base + (long long) image * s.h * s.w * s.ic + ((y * s.w + x) * s.ic + c) : nullptr;
    }
};
