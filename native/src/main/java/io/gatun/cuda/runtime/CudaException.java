package io.gatun.cuda.runtime;

/** A call of CUDA, cuBLASLt or cuDNN answered with something else than success; the context is still usable. */
public class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final String error;
    private final int code;

    /**
     * Of a library beside the runtime too.
     *
     * @param message in one sentence, with what was being done, the call and its answer
     */
    public CudaException(String message, String call, String error, int code) {
        super(message);
        this.call = call;
        this.error = error;
        this.code = code;
    }

    /** The function that failed: {@code cudaLaunchKernel}, {@code cublasLtMatmul}. */
    public String call() {
        return call;
    }

    /** Its library's name of the error: {@code cudaErrorInvalidValue}, {@code CUBLAS_STATUS_INVALID_VALUE}. */
    public String error() {
        return error;
    }

    /** Its library's number of the error. */
    public int code() {
        return code;
    }
}
