package io.gatun.kernel;

import io.gatun.memory.Place;
import io.gatun.parallel.Workers;
import io.gatun.spec.Spec;
import java.util.List;

/** A provider of kernels, found by {@link java.util.ServiceLoader}. Constructing one loads nothing. */
public interface Backend {
    /** {@code reference}, {@code simd}, {@code onednn}, {@code cuda}, {@code cublaslt}, {@code cudnn}. */
    String name();

    /**
     * Loads what the backend needs and returns it ready for use with this pool.
     *
     * @throws NativeUnavailableException with the reason, if it cannot run here
     */
    Session open(Workers workers);

    /** An opened backend: owns engines, streams and handles. Safe for concurrent use. */
    interface Session extends AutoCloseable {
        /** A kernel for the spec or the reason for having none; may take milliseconds, called once per spec. */
        Offer offer(Spec spec);

        /** Where the memory lies that its kernels work on. */
        default Place place() {
            return Place.HOST;
        }

        /** Lines for {@code gatun doctor}: versions, vector width, library path, thread counts. */
        List<String> describe();

        @Override
        default void close() {}
    }
}
