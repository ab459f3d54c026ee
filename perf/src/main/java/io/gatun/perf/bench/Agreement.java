package io.gatun.perf.bench;

import io.gatun.kernel.DType;
import io.gatun.kernel.HalfFloats;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Operand.Access;
import io.gatun.memory.Places;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Whether two entrants computed the same: |a - b| against {@link #TOLERANCE} times the larger of |a| and the root mean
 * square of the output. A sum of K random terms of size 1 has a root mean square of about sqrt(K), and its rounding
 * error grows no faster than 2^-24 sqrt(K) times that: the scale follows the length of the sums by itself.
 *
 * @param worst the largest relative difference, NaN against a number counted as infinite
 * @param operand where it is
 * @param element at which index
 */
record Agreement(double worst, String operand, long element) {
    /** 2^-24 sqrt(131,072), the longest sums of ResNet-20's weight gradients, is 2e-5; ten times that. */
    static final double TOLERANCE = 2e-4;

    boolean holds() {
        return worst <= TOLERANCE;
    }

    /** Compares everything that both have written; runs nothing. */
    static Agreement of(Entrant a, Entrant b) {
        Agreement result = new Agreement(0, "", 0);
        List<Operand> operands = a.plan().operands();
        for (int i = 0; i < operands.size(); i++) {
            Operand operand = operands.get(i);
            boolean compared = operand.access() == Access.WRITE || operand.access() == Access.UPDATE;
            if (compared && operand.elements() > 0) {
                try (Arena arena = Arena.ofConfined()) {
                    Agreement one = of(operand, Places.onHost(a.buffer(i), arena), Places.onHost(b.buffer(i), arena));
                    result = one.worst > result.worst ? one : result;
                }
            }
        }
        return result;
    }

    private static Agreement of(Operand operand, MemorySegment a, MemorySegment b) {
        double squares = 0;
        for (long i = 0; i < operand.elements(); i++) {
            double value = value(operand.type(), a, i);
            squares += value * value;
        }
        double scale = Math.sqrt(squares / operand.elements());
        double worst = 0;
        long where = 0;
        for (long i = 0; i < operand.elements(); i++) {
            double x = value(operand.type(), a, i);
            double y = value(operand.type(), b, i);
            double difference = relative(x, y, operand.type() == DType.F32 ? scale : 0);
            if (difference > worst) {
                worst = difference;
                where = i;
            }
        }
        return new Agreement(worst, operand.name(), where);
    }

    private static double relative(double x, double y, double scale) {
        if (x == y || Double.isNaN(x) && Double.isNaN(y)) {
            return 0;
        }
        double difference = Math.abs(x - y) / Math.max(Math.abs(x), scale);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }

    private static double value(DType type, MemorySegment data, long index) {
        return switch (type) {
            case BF16, F16 -> HalfFloats.widen(type, data.getAtIndex(ValueLayout.JAVA_SHORT, index));
            case F32 -> data.getAtIndex(ValueLayout.JAVA_FLOAT, index);
            case I32 -> data.getAtIndex(ValueLayout.JAVA_INT, index);
            case I64 -> data.getAtIndex(ValueLayout.JAVA_LONG, index);
            case U8 -> data.get(ValueLayout.JAVA_BYTE, index) & 0xFF;
            case S8 -> data.get(ValueLayout.JAVA_BYTE, index);
        };
    }
}
