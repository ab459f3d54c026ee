package io.gatun.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.cuda.runtime.CudaRuntime;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What kernels say when the numbers they were given are wrong: an index out of range. One record in pinned host memory,
 * {@code gatun_fault} of gatun.h, which a kernel writes only then and which the host reads for nothing after it has waited
 * for the stream. A kernel that reports skips what it cannot do and never reads out of bounds; its results are worthless,
 * and the context goes on.
 */
public final class DeviceFault implements AutoCloseable {
    private static final long BYTES = 24;
    private static final long FOUND = 8;

    private final CudaRuntime runtime;
    private final long address;
    private final MemorySegment report;
    private final List<String> sentences = new CopyOnWriteArrayList<>();

    @SuppressWarnings("restricted")
    DeviceFault(CudaRuntime runtime) {
        this.runtime = runtime;
        this.address = runtime.hostMalloc(BYTES);
        this.report = MemorySegment.ofAddress(address).reinterpret(BYTES).fill((byte) 0);
    }

    /** What a kernel is given by {@code Arg.pointer}. */
    public long address() {
        return address;
    }

    /**
     * A number, from 1, for kernels to report this mistake with; the same for the same sentence.
     *
     * @param sentence the message, in which {@code {position}} and {@code {value}} stand for what the kernel reports
     */
    public synchronized int code(String sentence) {
        int known = sentences.indexOf(sentence);
        if (known < 0) {
            sentences.add(sentence);
            known = sentences.size() - 1;
        }
        return known + 1;
    }

    /**
     * To be called when the stream has been waited for.
     *
     * @throws IndexOutOfBoundsException with the sentence of the first launch that reported since the last call, at the
     *     lowest position that it reported
     */
    void check() {
        int code = report.get(JAVA_INT, 0);
        if (code != 0) {
            long found = ~report.get(JAVA_LONG, FOUND);
            String message = sentences
                    .get(code - 1)
                    .replace("{position}", Long.toString(found >>> 32))
                    .replace("{value}", Integer.toString((int) found));
            report.fill((byte) 0);
            throw new IndexOutOfBoundsException(message);
        }
    }

    @Override
    public void close() {
        runtime.hostFree(address);
    }
}
