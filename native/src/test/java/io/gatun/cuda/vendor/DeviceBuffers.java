package io.gatun.cuda.vendor;

import io.gatun.kernel.Kernels;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import java.lang.foreign.MemorySegment;

/** Operands on the device for a test, closed with their scope. */
record DeviceBuffers(NativeMemory memory, ParameterScope scope) implements AutoCloseable {
    DeviceBuffers(Kernels kernels) {
        this(kernels.memory(), kernels.memory().parameters("test"));
    }

    /** These numbers, {@code skip} floats behind an aligned address. */
    MemorySegment of(float[] values, int skip) {
        MemorySegment block = scope.allocate(4L * (values.length + skip), "operand");
        MemorySegment part = block.asSlice(4L * skip, 4L * values.length);
        memory.place().copy(MemorySegment.ofArray(values), part);
        return part;
    }

    /** These 16-bit numbers, {@code skip} of them behind an aligned address. */
    MemorySegment of(short[] values, int skip) {
        MemorySegment block = scope.allocate(2L * (values.length + skip), "operand");
        MemorySegment part = block.asSlice(2L * skip, 2L * values.length);
        memory.place().copy(MemorySegment.ofArray(values), part);
        return part;
    }

    short[] readShorts(MemorySegment from) {
        short[] values = new short[(int) from.byteSize() / 2];
        memory.place().copy(from, MemorySegment.ofArray(values));
        return values;
    }

    float[] read(MemorySegment from) {
        float[] values = new float[(int) from.byteSize() / 4];
        memory.place().copy(from, MemorySegment.ofArray(values));
        return values;
    }

    @Override
    public void close() {
        scope.close();
    }
}
