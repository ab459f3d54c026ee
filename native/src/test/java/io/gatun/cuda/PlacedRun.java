package io.gatun.cuda;

import io.gatun.kernel.DType;
import io.gatun.kernel.Kernels;
import io.gatun.kernel.Operand;
import io.gatun.kernel.Plan;
import io.gatun.memory.Place;
import io.gatun.spec.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A plan run on plain data of a fixed seed, its buffers at chosen addresses: the same data for the host's backends
 * and the device's.
 */
final class PlacedRun {
    private static final long ALIGNMENT = 64;

    private PlacedRun() {}

    /**
     * The bits of each operand that is written.
     *
     * @param shift bytes behind an address that is aligned to 64, a multiple of 4
     * @param change puts other data into an operand, by its name
     */
    static Map<String, int[]> of(Kernels kernels, String line, long shift, Map<String, Consumer<int[]>> change) {
        Plan plan = kernels.plan(Spec.parse(line));
        Place place = plan.place();
        Map<String, int[]> data = data(plan, change);
        MemorySegment[] blocks = new MemorySegment[data.size()];
        MemorySegment[] operands = new MemorySegment[blocks.length];
        try (Arena arena = Arena.ofConfined()) {
            int next = 0;
            for (int[] values : data.values()) {
                long bytes = 4L * values.length;
                blocks[next] = place.isHost()
                        ? arena.allocate(bytes + ALIGNMENT, ALIGNMENT)
                        : place.allocate(bytes + ALIGNMENT, "test");
                operands[next] = blocks[next].asSlice(shift, bytes);
                place.copy(arena.allocateFrom(ValueLayout.JAVA_INT, values), operands[next]);
                next++;
            }
            plan.run(operands);
            return results(plan, data, operands, arena);
        } finally {
            for (MemorySegment block : blocks) {
                if (block != null && !place.isHost()) {
                    place.free(block);
                }
            }
        }
    }

    private static Map<String, int[]> results(
            Plan plan, Map<String, int[]> data, MemorySegment[] operands, Arena arena) {
        Map<String, int[]> results = new LinkedHashMap<>();
        for (int i = 0; i < operands.length; i++) {
            Operand operand = plan.operands().get(i);
            MemorySegment back = arena.allocate(4L * data.get(operand.name()).length + 4, 4);
            plan.place().copy(operands[i], back);
            if (operand.written()) {
                results.put(
                        operand.name(), back.asSlice(0, operands[i].byteSize()).toArray(ValueLayout.JAVA_INT));
            }
        }
        return results;
    }

    private static Map<String, int[]> data(Plan plan, Map<String, Consumer<int[]>> change) {
        SplittableRandom random = new SplittableRandom(7);
        Map<String, int[]> data = new LinkedHashMap<>();
        for (Operand operand : plan.operands()) {
            int[] values = new int[(int) operand.elements()];
            boolean index = operand.type() == DType.I32;
            for (int i = 0; i < values.length; i++) {
                float x = (float) random.nextDouble(-2, 2);
                float value = operand.name().matches("v|vMax|sum|square|weights|hyper") ? Math.abs(x) + 0.5f : x;
                values[i] = index ? random.nextInt(10) : Float.floatToRawIntBits(value);
            }
            change.getOrDefault(operand.name(), _ -> {}).accept(values);
            data.put(operand.name(), values);
        }
        return data;
    }
}
