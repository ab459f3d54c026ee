package io.gatun.cuda.runtime;

import io.gatun.bindings.cudart.CudaRt;
import java.lang.foreign.MemorySegment;

/** Turns the number that every CUDA call returns into an exception, and remembers whether the context is lost. */
final class Faults {
    private static final String NOTHING = "no kernel";

    private final int device;

    /** Written without a lock at each launch: whoever reads it after a fault gets one of the latest. */
    private String lastKernel = NOTHING;

    private volatile CudaContextLostException lost;

    Faults(int device) {
        this.device = device;
    }

    void launching(String kernel) {
        lastKernel = kernel;
    }

    boolean lost() {
        return lost != null;
    }

    /**
     * Comes before every call.
     *
     * @throws CudaContextLostException if an earlier call saw a fault
     */
    void requireAlive() {
        CudaContextLostException first = lost;
        if (first != null) {
            throw first.again();
        }
    }

    /** Returns if {@code code} is success; {@code doing} is only printed. */
    void check(int code, String call, Object doing) {
        if (code != 0) {
            throw failed(code, call, doing);
        }
    }

    CudaException failed(int code, String call, Object doing) {
        String error = text(CudaRt.cudaGetErrorName(code));
        String what = text(CudaRt.cudaGetErrorString(code));
        if (!sticky(code)) {
            forget();
            return new CudaException(
                    "cuda:" + device + ": " + doing + ": " + call + " returned " + error + " (" + code + ", " + what
                            + ")" + Remedies.of(code),
                    call,
                    error,
                    code);
        }
        String kernel = lastKernel;
        CudaContextLostException fault = new CudaContextLostException(
                "cuda:" + device + " is lost for this process: " + error + " (" + code + ", " + what + "), seen by "
                        + call
                        + " (" + doing + ") "
                        + (kernel.equals(NOTHING) ? "before a kernel" : "after " + kernel)
                        + " was launched; the CPU backends still work, the GPU needs a new process",
                call,
                error,
                code,
                kernel);
        lost = fault;
        return fault;
    }

    /** A failure stays in this thread as CUDA's last error, which other code there would take for its own. */
    static void forget() {
        CudaRt.cudaGetLastError();
    }

    /** Those after which CUDA's own text says that the process must be ended to use the device again. */
    static boolean sticky(int code) {
        return code == CudaRt.cudaErrorIllegalAddress()
                || code == CudaRt.cudaErrorLaunchFailure()
                || code == CudaRt.cudaErrorLaunchTimeout()
                || code == CudaRt.cudaErrorContextIsDestroyed()
                || code == CudaRt.cudaErrorAssert()
                || code == CudaRt.cudaErrorHardwareStackError()
                || code == CudaRt.cudaErrorIllegalInstruction()
                || code == CudaRt.cudaErrorMisalignedAddress()
                || code == CudaRt.cudaErrorInvalidAddressSpace()
                || code == CudaRt.cudaErrorInvalidPc()
                || code == CudaRt.cudaErrorTensorMemoryLeak()
                || code == CudaRt.cudaErrorECCUncorrectable()
                || code == CudaRt.cudaErrorNvlinkUncorrectable()
                || code == CudaRt.cudaErrorContained()
                || code == CudaRt.cudaErrorMpsClientTerminated()
                || code == CudaRt.cudaErrorExternalDevice();
    }

    @SuppressWarnings("restricted")
    private static String text(MemorySegment message) {
        return message.equals(MemorySegment.NULL)
                ? "unknown"
                : message.reinterpret(1024).getString(0);
    }
}
