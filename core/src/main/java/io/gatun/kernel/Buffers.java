package io.gatun.kernel;

import io.gatun.memory.Place;
import io.gatun.spec.Spec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The checks between a user's segments and raw addresses: oneDNN cannot see a short buffer, so this does. */
final class Buffers {
    private Buffers() {}

    static long address(Spec spec, Operand operand, MemorySegment segment, Place place) {
        if (segment == null) {
            throw refused(spec, operand, "is null");
        }
        if (!segment.isNative()) {
            throw refused(spec, operand, "is on the Java heap; allocate it from an Arena");
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(spec + ": " + operand.name() + " was used after its memory was closed");
        }
        if (!place.holds(segment)) {
            throw refused(
                    spec,
                    operand,
                    "lies on " + Place.of(segment).name() + " and this plan works on " + place.name()
                            + "; copy it there first");
        }
        if (place.isHost() && !segment.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(
                    spec + ": " + operand.name() + " belongs to a confined arena of another thread");
        }
        if (operand.written() && segment.isReadOnly()) {
            throw refused(spec, operand, "is read-only but is written");
        }
        if (segment.byteSize() < operand.bytes()) {
            throw refused(
                    spec,
                    operand,
                    "has " + segment.byteSize() + " bytes, needs " + operand.bytes() + " (" + operand.elements() + " x "
                            + operand.type().word() + ")");
        }
        long address = segment.address();
        if ((address & (operand.type().bytes() - 1)) != 0) {
            throw refused(
                    spec, operand, "is not aligned to its " + operand.type().word() + " elements");
        }
        return address;
    }

    static void refuseOverlap(Spec spec, Operand[] operands, long[] frame) {
        for (int i = 0; i < operands.length; i++) {
            if (!operands[i].written()) {
                continue;
            }
            long from = frame[i];
            long to = from + operands[i].bytes();
            for (int j = 0; j < operands.length; j++) {
                if (j == i || (operands[j].written() && j < i)) {
                    continue;
                }
                if (from < frame[j] + operands[j].bytes() && frame[j] < to) {
                    throw refused(spec, operands[i], "overlaps " + operands[j].name() + "; give it memory of its own");
                }
            }
        }
    }

    static String names(Operand[] operands) {
        return Arrays.stream(operands).map(Operand::name).collect(Collectors.joining(", "));
    }

    private static IllegalArgumentException refused(Spec spec, Operand operand, String what) {
        return new IllegalArgumentException(spec + ": " + operand.name() + " " + what);
    }
}
