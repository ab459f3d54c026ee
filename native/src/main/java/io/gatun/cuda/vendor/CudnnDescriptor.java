package io.gatun.cuda.vendor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.cudnn.Cudnn;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * One descriptor of cuDNN's graphs: made, given its attributes, finished, and from then on only asked. Every call is
 * checked, and its failure names the problem, the descriptor and the attribute. Used under the context's lock.
 */
final class CudnnDescriptor implements AutoCloseable {
    /** Statuses of 3000 and more, below 4000, say that something is well formed and not supported. */
    private static final int NOT_SUPPORTED = Cudnn.CUDNN_STATUS_NOT_SUPPORTED() / 1000;

    /** What a plan says whose engine cannot be built here: another one may do. */
    private static final Set<Integer> NOT_BUILT = Set.of(
            Cudnn.CUDNN_STATUS_INTERNAL_ERROR_COMPILATION_FAILED(), Cudnn.CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED());

    private final Statuses statuses;
    private final Object problem;
    private final CudnnKind kind;
    private MemorySegment handle;

    /**
     * An unfinished one without attributes.
     *
     * @param problem what errors say is being worked on
     */
    CudnnDescriptor(Statuses statuses, Object problem, CudnnKind kind) {
        this.statuses = statuses;
        this.problem = problem;
        this.kind = kind;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pointer = arena.allocate(ADDRESS);
            check(Cudnn.cudnnBackendCreateDescriptor(kind.number, pointer), "cudnnBackendCreateDescriptor", null);
            handle = pointer.get(ADDRESS, 0);
        }
    }

    MemorySegment handle() {
        return handle;
    }

    /** Integers, addresses, the numbers of enumerations, or 0 and 1. */
    CudnnDescriptor set(CudnnAttribute attribute, long... values) {
        int bytes = attribute.type.bytes;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = arena.allocate((long) bytes * Math.max(1, values.length), 8);
            for (int i = 0; i < values.length; i++) {
                switch (bytes) {
                    case 1 -> array.set(JAVA_BYTE, i, (byte) values[i]);
                    case 4 -> array.setAtIndex(JAVA_INT, i, (int) values[i]);
                    default -> array.setAtIndex(JAVA_LONG, i, values[i]);
                }
            }
            set(attribute, values.length, array);
        }
        return this;
    }

    CudnnDescriptor setFloat(CudnnAttribute attribute, float value) {
        return set(attribute, Float.floatToRawIntBits(value));
    }

    /** Finished descriptors; cuDNN follows one of a wrong kind to an end of the process, so it never sees one. */
    CudnnDescriptor set(CudnnAttribute attribute, CudnnDescriptor... values) {
        for (CudnnDescriptor value : values) {
            if (attribute.of != null && attribute.of != value.kind) {
                throw new IllegalArgumentException(
                        attribute + " is of the kind " + attribute.of + ", not " + value.kind);
            }
        }
        return set(
                attribute,
                LongStream.range(0, values.length)
                        .map(i -> values[(int) i].handle.address())
                        .toArray());
    }

    /** So many values of an array that is laid out already. */
    void set(CudnnAttribute attribute, int count, MemorySegment array) {
        check(
                Cudnn.cudnnBackendSetAttribute(handle, attribute.number, attribute.type.number, count, array),
                "cudnnBackendSetAttribute",
                attribute);
    }

    /** Lets cuDNN check it. Null, or why this is not supported, or its engine cannot be built: an answer, and no failure. */
    String finishOrRefusal() {
        int status = Cudnn.cudnnBackendFinalize(handle);
        boolean unbuilt = kind == CudnnKind.EXECUTION_PLAN && NOT_BUILT.contains(status);
        if (status / 1000 == NOT_SUPPORTED || unbuilt) {
            return CudnnSession.name(status);
        }
        check(status, "cudnnBackendFinalize", null);
        return null;
    }

    /** The values of an attribute, the first {@code most} of them. */
    long[] get(CudnnAttribute attribute, int most) {
        int bytes = attribute.type.bytes;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = arena.allocate((long) bytes * most, 8);
            long count = get(attribute, most, array);
            return LongStream.range(0, Math.min(most, count))
                    .map(i -> bytes == 4 ? array.getAtIndex(JAVA_INT, i) : array.getAtIndex(JAVA_LONG, i))
                    .toArray();
        }
    }

    long get(CudnnAttribute attribute) {
        long[] values = get(attribute, 1);
        if (values.length == 0) {
            throw new IllegalStateException(problem + ": cuDNN has no " + attribute + " of " + this);
        }
        return values[0];
    }

    /** How many values an attribute has, or might have. */
    long count(CudnnAttribute attribute) {
        return get(attribute, 0, MemorySegment.NULL);
    }

    /** Has cuDNN fill these, which were made for it; how many it filled. */
    int get(CudnnAttribute attribute, CudnnDescriptor... into) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = arena.allocate(JAVA_LONG, into.length);
            for (int i = 0; i < into.length; i++) {
                array.setAtIndex(JAVA_LONG, i, into[i].handle.address());
            }
            return (int) get(attribute, into.length, array);
        }
    }

    private long get(CudnnAttribute attribute, int most, MemorySegment array) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_LONG);
            check(
                    Cudnn.cudnnBackendGetAttribute(handle, attribute.number, attribute.type.number, most, count, array),
                    "cudnnBackendGetAttribute",
                    attribute);
            return count.get(JAVA_LONG, 0);
        }
    }

    private void check(int status, String call, CudnnAttribute attribute) {
        if (status != 0) {
            statuses.check(status, call, problem + ", " + this + (attribute == null ? "" : ", " + attribute));
        }
    }

    @Override
    public void close() {
        MemorySegment closing = handle;
        handle = MemorySegment.NULL;
        if (!closing.equals(MemorySegment.NULL)) {
            statuses.checkClosed(Cudnn.cudnnBackendDestroyDescriptor(closing), "cudnnBackendDestroyDescriptor");
        }
    }

    @Override
    public String toString() {
        return kind + " descriptor";
    }
}
