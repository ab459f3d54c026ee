package io.gatun.cuda.vendor;

import io.gatun.cuda.runtime.CudaException;
import io.gatun.cuda.runtime.CudaRuntime;
import java.util.function.IntFunction;

/** The one place where the number that every function of a library returns becomes an exception. */
final class Statuses {
    private final CudaRuntime runtime;
    private final IntFunction<String> names;

    /** With the library's own names of its statuses. */
    Statuses(CudaRuntime runtime, IntFunction<String> names) {
        this.runtime = runtime;
        this.names = names;
    }

    /**
     * Returns if the status is success.
     *
     * @param problem what is being worked on, usually the spec; only printed
     * @throws CudaException naming problem, call and status
     * @throws io.gatun.cuda.runtime.CudaContextLostException if the device has faulted
     */
    void check(int status, String call, Object problem) {
        if (status != 0) {
            String name = names.apply(status);
            runtime.requireNoFault(call, problem);
            throw new CudaException(
                    "cuda:" + runtime.device() + ": " + problem + ": " + call + " returned " + name + " (" + status
                            + ")",
                    call,
                    name,
                    status);
        }
    }

    /** As {@link #check}, of a call that gives something back: after a fault there is nothing to give back to. */
    void checkClosed(int status, String call) {
        if (!runtime.lost()) {
            check(status, call, "closing");
        }
    }
}
