package io.gatun.nn.data;

import io.gatun.memory.MemoryBudget;
import io.gatun.memory.NativeMemory;
import io.gatun.memory.ParameterScope;
import io.gatun.memory.Scope;
import io.gatun.memory.Upload;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The fields of a batch where they are filled, on the host, and where kernels read them, on a device side by side. */
final class BatchMemory implements AutoCloseable {
    private final MemorySegment[] here;
    private final MemorySegment[] there;
    private final Upload upload;

    /**
     * Room for so many samples.
     *
     * @param scope of {@code memory}, which must be closed after this
     * @param host what pinned memory counts in
     */
    BatchMemory(NativeMemory memory, ParameterScope scope, MemoryBudget host, List<Field> fields, int samples) {
        here = new MemorySegment[fields.size()];
        there = new MemorySegment[fields.size()];
        if (memory.place().isHost()) {
            for (int i = 0; i < here.length; i++) {
                Field field = fields.get(i);
                here[i] = scope.allocate(samples * field.bytes(), field.name() + " of a batch");
                there[i] = here[i];
            }
            upload = memory.place().upload(MemorySegment.NULL, host);
            return;
        }
        long[] at = new long[fields.size() + 1];
        for (int i = 0; i < here.length; i++) {
            at[i + 1] = at[i] + Scope.aligned(samples * fields.get(i).bytes());
        }
        MemorySegment whole = scope.allocate(at[here.length], "a batch");
        upload = memory.place().upload(whole, host);
        for (int i = 0; i < here.length; i++) {
            long bytes = samples * fields.get(i).bytes();
            here[i] = upload.host().asSlice(at[i], bytes);
            there[i] = whole.asSlice(at[i], bytes);
        }
    }

    /** Of each field, to be filled. */
    MemorySegment[] here() {
        return here;
    }

    /** Of each field, for kernels; on the host the same. */
    MemorySegment[] there() {
        return there;
    }

    /** How the one gets to the other. */
    Upload upload() {
        return upload;
    }

    @Override
    public void close() {
        upload.close();
    }
}
