package io.gatun.kernel;

/** A backend that was asked for cannot run here; the message says why and what to do. */
public final class NativeUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public NativeUnavailableException(String message) {
        super(message);
    }

    public NativeUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
