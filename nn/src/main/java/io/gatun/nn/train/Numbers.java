package io.gatun.nn.train;

import io.gatun.nn.io.NamedTensor;
import io.gatun.nn.io.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;

/** A few numbers that a callback keeps in checkpoints: doubles, which hold counters up to 2^53 exactly. */
final class Numbers {
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;

    private final String name;
    private final int count;
    private final MemorySegment data;

    Numbers(String name, double... first) {
        this.name = name;
        this.count = first.length;
        this.data = MemorySegment.ofArray(new byte[8 * count]);
        for (int i = 0; i < count; i++) {
            set(i, first[i]);
        }
    }

    double get(int index) {
        return data.getAtIndex(F64, index);
    }

    void set(int index, double value) {
        data.setAtIndex(F64, index, value);
    }

    NamedTensor tensor() {
        return new NamedTensor(name, TensorType.F64, new long[] {count}, data);
    }

    void load(Function<String, NamedTensor> find) {
        data.copyFrom(find.apply(name).data());
    }
}
