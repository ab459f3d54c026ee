package io.gatun.memory;

import java.util.ArrayDeque;
import java.util.Deque;

/** What has to be given back, in the order opposite to that in which it was made; also when making more of it failed. */
public final class Owned implements AutoCloseable {
    /** Gives one thing back. */
    @FunctionalInterface
    public interface Part extends AutoCloseable {
        @Override
        void close();
    }

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    /** Nothing yet. */
    public Owned() {}

    /** Keeps a part, which is returned. */
    public <T extends AutoCloseable> T add(T part) {
        parts.push(part);
        return part;
    }

    /** As {@link #add(AutoCloseable)}, for a lambda. */
    public Part add(Part part) {
        parts.push(part);
        return part;
    }

    /** Gives everything back because of {@code failure}, which is returned to be thrown. */
    public RuntimeException closedAfter(RuntimeException failure) {
        try {
            close();
        } catch (RuntimeException second) {
            failure.addSuppressed(second);
        }
        return failure;
    }

    /** Gives back all that can be, and then throws the first failure. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            } catch (Exception e) {
                throw new AssertionError("nothing here throws a checked exception", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
