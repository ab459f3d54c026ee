package io.gatun.cuda.runtime;

/** A CUDA call answered with something else than success; the context is still usable. */
public class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final String error;
    private final int code;

    CudaException(String message, String call, String error, int code) {
        super(message);
        this.call = call;
        this.error = error;
        this.code = code;
    }

    /** The function that failed: {@code cudaLaunchKernel}. */
    public String call() {
        return call;
    }

    /** CUDA's name of the error: {@code cudaErrorInvalidValue}. */
    public String error() {
        return error;
    }

    /** CUDA's number of the error. */
    public int code() {
        return code;
    }
}
