package io.gatun.cuda.runtime;

import io.gatun.bindings.cudart.CudaRt;

/** What to do about errors that come from the machine's set-up and not from what was asked of CUDA. */
public final class Remedies {
    private Remedies() {}

    /** What to append to a sentence that names the error, beginning with {@code "; "}; empty where there is no advice. */
    public static String of(int code) {
        String advice = advice(code);
        return advice.isEmpty() ? "" : "; " + advice;
    }

    private static String advice(int code) {
        if (code == CudaRt.cudaErrorInsufficientDriver()
                || code == CudaRt.cudaErrorCallRequiresNewerDriver()
                || code == CudaRt.cudaErrorUnsupportedPtxVersion()) {
            return "install a newer NVIDIA driver";
        }
        if (code == CudaRt.cudaErrorStubLibrary()) {
            return "the linker found the toolkit's stub of libcuda: take its folder 'stubs' out of LD_LIBRARY_PATH";
        }
        if (code == CudaRt.cudaErrorDevicesUnavailable()) {
            return "another process has the GPU to itself, or its compute mode (nvidia-smi -q -d COMPUTE) forbids"
                    + " processes";
        }
        if (code == CudaRt.cudaErrorJitCompilerNotFound()) {
            return "install the driver's libnvidia-ptxjitcompiler; a container gets it with"
                    + " NVIDIA_DRIVER_CAPABILITIES=compute,utility";
        }
        if (code == CudaRt.cudaErrorJitCompilationDisabled()) {
            return "unset CUDA_DISABLE_PTX_JIT: the driver must compile Gatun's PTX";
        }
        if (code == CudaRt.cudaErrorSystemNotReady()) {
            return "start nvidia-fabricmanager, of the driver's version, and wait until it runs: GPUs behind an"
                    + " NVSwitch need it";
        }
        if (code == CudaRt.cudaErrorSystemDriverMismatch()) {
            return "the driver's kernel module and libraries have different versions: load the module anew, or restart";
        }
        if (code == CudaRt.cudaErrorCompatNotSupportedOnDevice()) {
            return "this GPU does not run with the libraries of cuda-compat: take their folder out of LD_LIBRARY_PATH";
        }
        if (code == CudaRt.cudaErrorMpsConnectionFailed()
                || code == CudaRt.cudaErrorMpsRpcFailure()
                || code == CudaRt.cudaErrorMpsServerNotReady()) {
            return "the MPS daemon does not answer: start nvidia-cuda-mps-control anew, or unset"
                    + " CUDA_MPS_PIPE_DIRECTORY";
        }
        return "";
    }
}
