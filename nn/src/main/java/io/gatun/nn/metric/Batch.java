package io.gatun.nn.metric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How metrics read a batch. Unaligned, so that a heap array or any slice will do. */
final class Batch {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

    private Batch() {}

    static float number(MemorySegment numbers, long index) {
        return numbers.getAtIndex(F32, index);
    }

    static int target(MemorySegment targets, long row) {
        return targets.getAtIndex(I32, row);
    }

    /** The class of a row. */
    static int target(String metric, MemorySegment targets, long row, int classes) {
        int target = target(targets, row);
        if (target < 0 || target >= classes) {
            throw new IllegalArgumentException(
                    metric + ": target " + target + " of row " + row + " is no class of " + classes);
        }
        return target;
    }

    /** The column of a row's largest number, the first of equals; -1 if one of them is NaN. */
    static int argmax(MemorySegment predictions, long row, int columns) {
        float best = Float.NEGATIVE_INFINITY;
        int winner = 0;
        for (int c = 0; c < columns; c++) {
            float value = number(predictions, row * columns + c);
            if (value != value) {
                return -1;
            }
            if (value > best) {
                best = value;
                winner = c;
            }
        }
        return winner;
    }

    static int columns(String metric, int predictions, int rows) {
        if (rows == 0 ? predictions != 0 : predictions % rows != 0) {
            throw new IllegalArgumentException(
                    metric + ": " + predictions + " predictions are no whole rows for " + rows + " targets");
        }
        return rows == 0 ? 1 : predictions / rows;
    }

    static void same(String metric, String what, long mine, long theirs) {
        if (mine != theirs) {
            throw new IllegalArgumentException(
                    metric + ": " + what + " " + theirs + " does not fit " + mine + "; use equal ones throughout");
        }
    }

    /** The other metric as one of this kind. */
    static <M extends Metric> M other(Class<M> kind, Metric mine, Metric other) {
        if (!kind.isInstance(other) || !mine.name().equals(other.name())) {
            throw new IllegalArgumentException(
                    mine.name() + " cannot take in " + other.name() + "; merge metrics of one kind and settings");
        }
        return kind.cast(other);
    }
}
