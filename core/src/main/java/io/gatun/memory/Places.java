package io.gatun.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The devices' places that there are in this process, to tell whose a segment is and to copy between them. Thread-safe. */
public final class Places {
    private static final List<Place> DEVICES = new CopyOnWriteArrayList<>();

    private Places() {}

    /** To be called by a backend when it opens a device. */
    public static void opened(Place device) {
        DEVICES.add(device);
    }

    /** To be called when the last memory of a device was given back. */
    public static void closed(Place device) {
        DEVICES.remove(device);
    }

    /**
     * Copies all of {@code from} to the beginning of {@code to}, wherever they lie; see {@link Place#copy}.
     *
     * @throws IllegalArgumentException if they lie on two devices
     */
    public static void copy(MemorySegment from, MemorySegment to) {
        Place source = of(from);
        Place target = of(to);
        if (!source.isHost() && !target.isHost() && source != target) {
            throw new IllegalArgumentException(from.byteSize() + " bytes cannot be copied from " + source.name()
                    + " to " + target.name() + "; copy them to the host first");
        }
        (source.isHost() ? target : source).copy(from, to);
    }

    /** On a device the JVM would speak of a wrong thread. */
    private static void requireAlive(MemorySegment memory) {
        if (!memory.scope().isAlive()) {
            throw new IllegalStateException(memory.byteSize() + " bytes were read after their memory was closed;"
                    + " copy what is needed before");
        }
    }

    /** The memory itself where it is the host's, else a copy of it that lives as long as the arena. */
    public static MemorySegment onHost(MemorySegment memory, Arena arena) {
        Place place = of(memory);
        if (place.isHost()) {
            return memory;
        }
        MemorySegment copy = arena.allocate(memory.byteSize(), Long.BYTES);
        place.copy(memory, copy);
        return copy;
    }

    /** The floats of memory anywhere. */
    public static float[] floats(MemorySegment memory) {
        requireAlive(memory);
        if (of(memory).isHost()) {
            return memory.toArray(ValueLayout.JAVA_FLOAT);
        }
        try (Arena arena = Arena.ofConfined()) {
            return onHost(memory, arena).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    /** The first float of memory anywhere. */
    public static float first(MemorySegment memory) {
        requireAlive(memory);
        return of(memory).isHost() ? memory.get(ValueLayout.JAVA_FLOAT, 0) : floats(memory.asSlice(0, Float.BYTES))[0];
    }

    /** The 32-bit whole numbers of memory anywhere. */
    public static int[] ints(MemorySegment memory) {
        requireAlive(memory);
        if (of(memory).isHost()) {
            return memory.toArray(ValueLayout.JAVA_INT);
        }
        try (Arena arena = Arena.ofConfined()) {
            return onHost(memory, arena).toArray(ValueLayout.JAVA_INT);
        }
    }

    /** Writes all values to the beginning of memory anywhere. */
    public static void write(float[] values, MemorySegment to) {
        copy(MemorySegment.ofArray(values), to);
    }

    /** Writes all values to the beginning of memory anywhere. */
    public static void write(int[] values, MemorySegment to) {
        copy(MemorySegment.ofArray(values), to);
    }

    /**
     * What {@link Place#put} asks of its operands.
     *
     * @throws IllegalArgumentException with all their sizes and addresses, or naming the one that lies elsewhere
     */
    public static void requireRing(Place place, MemorySegment value, MemorySegment ring, MemorySegment number) {
        if (value.byteSize() != Float.BYTES
                || ring.byteSize() == 0
                || ring.byteSize() % Float.BYTES != 0
                || number.byteSize() != Long.BYTES
                || (value.address() | ring.address()) % Float.BYTES != 0
                || number.address() % Long.BYTES != 0) {
            throw new IllegalArgumentException("cannot put " + said(value) + " into " + said(ring) + " by "
                    + said(number) + "; give one float, whole floats and a 64-bit number, each aligned to its size");
        }
        for (MemorySegment memory : List.of(value, ring, number)) {
            if (!place.holds(memory)) {
                throw new IllegalArgumentException("cannot put a float into a ring on " + place.name() + ": "
                        + said(memory) + " lie on " + of(memory).name());
            }
        }
    }

    private static String said(MemorySegment memory) {
        return memory.byteSize() + " bytes at " + memory.address();
    }

    static boolean onDevice(MemorySegment memory) {
        return !DEVICES.isEmpty() && of(memory) != Place.HOST;
    }

    static Place of(MemorySegment memory) {
        if (!memory.isAccessibleBy(Thread.currentThread())) {
            for (Place device : DEVICES) {
                if (memory.isAccessibleBy(device.keeper())) {
                    return device;
                }
            }
        }
        return Place.HOST;
    }
}
