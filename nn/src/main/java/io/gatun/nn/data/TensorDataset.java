package io.gatun.nn.data;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Samples that lie side by side in memory: one segment for each field, [N, …] without gaps. The segments are held, not
 * copied: they must stay open as long as the set is used, and nobody may change them. Heap segments are as good as native
 * ones.
 */
public final class TensorDataset implements Dataset {
    private final int size;
    private final List<Field> fields;
    private final MemorySegment[] memory;

    /**
     * A set of {@code size} samples.
     *
     * @param fields at least one, no name twice
     * @param memory for each field {@code size * field.bytes()} bytes or more
     * @throws IllegalArgumentException when these do not fit together
     */
    public TensorDataset(int size, List<Field> fields, List<MemorySegment> memory) {
        Datasets.requireFields("a tensor data set", fields);
        if (size < 0 || fields.size() != memory.size()) {
            throw new IllegalArgumentException("a data set of " + size + " samples and fields " + fields
                    + " cannot lie in " + memory.size() + " segments; give one for each field");
        }
        for (int i = 0; i < memory.size(); i++) {
            long needed = size * fields.get(i).bytes();
            if (memory.get(i).byteSize() < needed) {
                throw new IllegalArgumentException(size + " samples of " + fields.get(i) + " need " + needed
                        + " bytes, the memory has " + memory.get(i).byteSize());
            }
        }
        this.size = size;
        this.fields = List.copyOf(fields);
        this.memory = memory.toArray(MemorySegment[]::new);
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public List<Field> fields() {
        return fields;
    }

    @Override
    public Reader reader() {
        long[] bytes = fields.stream().mapToLong(Field::bytes).toArray();
        return (sample, _, targets, place) -> {
            for (int i = 0; i < bytes.length; i++) {
                MemorySegment.copy(memory[i], sample * bytes[i], targets[i], place * bytes[i], bytes[i]);
            }
        };
    }
}
