// The windows of pooling along each axis, and a walk through the elements of one, or through the windows of an element.
#pragma once

#include "gatun_quads.h"

// The windows along one axis: window i begins at i stride - before and is `kernel` long.
struct pool_axis {
    int size, out, kernel;
    gatun_divisor stride;
    int before, after;

    GATUN_METHOD int begin(int i) const {
        return i * (int) stride.divisor - before;
    }

    GATUN_METHOD int from(int i) const {
        int at = begin(i);
        return at > 0 ? at : 0;
    }

    GATUN_METHOD int to(int i) const {
        int at = begin(i) + kernel;
        return at < size ? at : size;
    }

    // The length that an average divides by: within the image, or within the padded image.
    GATUN_METHOD int length(int i, int padded) const {
        int end = begin(i) + kernel;
        if (padded) {
            return (end < size + after ? end : size + after) - begin(i);
        }
        return to(i) - from(i);
    }

    // The first window that element `at` is in, and the one behind the last.
    GATUN_METHOD int first(int at) const {
        int behind = at + before - kernel;
        return behind < 0 ? 0 : (int) gatun_quotient(behind, stride) + 1;
    }

    GATUN_METHOD int last(int at) const {
        int behind = (int) gatun_quotient(at + before, stride) + 1;
        return behind < out ? behind : out;
    }
};

// Window i of `out` is of the elements floor(i size / out) to ceil((i + 1) size / out); an element is in the windows by the
// same rule with the sizes exchanged.
struct adaptive_axis {
    gatun_divisor size, out;

    GATUN_METHOD static int down(int i, gatun_divisor size, gatun_divisor out) {
        return (int) gatun_quotient(i * size.divisor, out);
    }

    GATUN_METHOD static int up(int i, gatun_divisor size, gatun_divisor out) {
        return (int) gatun_quotient((i + 1) * size.divisor + out.divisor - 1, out);
    }

    GATUN_METHOD int from(int i) const {
        return down(i, size, out);
    }

    GATUN_METHOD int to(int i) const {
        return up(i, size, out);
    }

    GATUN_METHOD int length(int i, int padded) const {
        return to(i) - from(i);
    }

    GATUN_METHOD int first(int at) const {
        return down(at, out, size);
    }

    GATUN_METHOD int last(int at) const {
        return up(at, out, size);
    }
};

// A rectangle of pixels.
struct pool_box {
    int fromRow, toRow, fromCol, toCol;
};

// The pixels of a box in the order of rows, from one on in steps of `rows` and `cols`, the latter shorter than a row:
// load(row, col) of AHEAD of them, so that all are under way, and then use(row, col, loaded) of each.
template <int AHEAD, typename Load, typename Use>
GATUN_FN void pool_walk(pool_box box, int row, int col, int rows, int cols, Load load, Use use) {
    if (box.fromCol >= box.toCol) {
        return;
    }
    GATUN_ROLLED
    while (row < box.toRow) {
        decltype(load(0, 0)) loaded[AHEAD];
        int atRow[AHEAD], atCol[AHEAD];
        for (int i = 0; i < AHEAD; i++) {
            atRow[i] = row;
            atCol[i] = col;
            if (row < box.toRow) {
                loaded[i] = load(row, col);
            }
            row += rows;
            col += cols;
            if (col >= box.toCol) {
                col -= box.toCol - box.fromCol;
                row++;
            }
        }
        for (int i = 0; i < AHEAD; i++) {
            if (atRow[i] < box.toRow) {
                use(atRow[i], atCol[i], loaded[i]);
            }
        }
    }
}

// All pixels of a box.
template <int AHEAD, typename Load, typename Use>
GATUN_FN void pool_walk(pool_box box, Load load, Use use) {
    pool_walk<AHEAD>(box, box.fromRow, box.fromCol, 0, 1, load, use);
}
