package io.gatun.memory;

/** A request would exceed the byte budget, or the system had no memory for it. Nothing was allocated or changed. */
public final class NativeMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long asked;
    private final long used;
    private final long limit;

    public NativeMemoryException(String what, long asked, long used, long limit) {
        this(
                asked,
                used,
                limit,
                "out of native memory for " + what + ": asked " + asked + " bytes, " + used + " of " + limit
                        + " in use; use a smaller batch or raise -Dgatun.memory.limit");
    }

    /** With a whole sentence of its own, for memory that another property limits. */
    public NativeMemoryException(long asked, long used, long limit, String message) {
        super(message);
        this.asked = asked;
        this.used = used;
        this.limit = limit;
    }

    /** Bytes of the refused request. */
    public long asked() {
        return asked;
    }

    /** Bytes in use when it was made. */
    public long used() {
        return used;
    }

    /** The budget. */
    public long limit() {
        return limit;
    }
}
