package io.gatun.kernel;

/** Every backend refused a spec; the message lists each reason. */
public final class NoKernelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public NoKernelException(String message) {
        super(message);
    }
}
