package io.gatun.memory;

import io.gatun.kernel.NativeUnavailableException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The host: its copies are Java's. */
final class HostPlace implements Place {
    @Override
    public String name() {
        return "host";
    }

    @Override
    public Thread keeper() {
        return null;
    }

    @Override
    public MemoryBudget budget() {
        throw new NativeUnavailableException("the host has no budget of its own: each NativeMemory has one");
    }

    @Override
    public MemorySegment allocate(long bytes, String what) {
        throw new NativeUnavailableException(
                "the host's memory for " + what + " comes from an Arena or a NativeMemory");
    }

    @Override
    public void free(MemorySegment block) {
        throw new NativeUnavailableException("the host's memory is given back by closing its Arena");
    }

    @Override
    public void copy(MemorySegment from, MemorySegment to) {
        MemorySegment.copy(from, 0, to, 0, from.byteSize());
    }

    @Override
    public Upload upload(MemorySegment there, MemoryBudget host) {
        return new Upload() {
            @Override
            public MemorySegment host() {
                return there;
            }

            @Override
            public MemorySegment memory() {
                return there;
            }

            @Override
            public void awaitHost() {}

            @Override
            public void start() {}

            @Override
            public void use() {}

            @Override
            public void done() {}

            @Override
            public void close() {}
        };
    }

    @Override
    public void fill(MemorySegment memory, byte value) {
        memory.fill(value);
    }

    @Override
    public void fill(MemorySegment floats, float value) {
        if (Float.floatToRawIntBits(value) == 0) {
            floats.fill((byte) 0);
            return;
        }
        for (long i = 0; i < floats.byteSize() / 4; i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        }
    }

    @Override
    public void put(MemorySegment value, MemorySegment ring, MemorySegment number) {
        Places.requireRing(this, value, ring, number);
        long slot = Long.remainderUnsigned(number.get(ValueLayout.JAVA_LONG, 0), ring.byteSize() / Float.BYTES);
        MemorySegment.copy(value, 0, ring, slot * Float.BYTES, Float.BYTES);
    }

    @Override
    public void synchronize() {}
}
