package io.gatun.cuda.runtime;

/**
 * A kernel faulted, and with it CUDA gave up everything of this process on that device: every later call on the context
 * throws this again without calling CUDA. The CPU backends are not touched by it.
 */
public final class CudaContextLostException extends CudaException {
    private static final long serialVersionUID = 1;

    private final String kernel;

    CudaContextLostException(String message, String call, String error, int code, String kernel) {
        super(message, call, error, code);
        this.kernel = kernel;
    }

    /** The kernel that was launched last before the fault was seen; an earlier one may have caused it. */
    public String kernel() {
        return kernel;
    }

    /** The same fault for a later caller, with his stack and this one as the cause. */
    CudaContextLostException again() {
        CudaContextLostException later = new CudaContextLostException(getMessage(), call(), error(), code(), kernel);
        later.initCause(this);
        return later;
    }
}
