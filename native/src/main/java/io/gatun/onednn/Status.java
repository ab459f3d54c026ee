package io.gatun.onednn;

import io.gatun.bindings.onednn.Dnnl;

/** The one place where the number that every oneDNN function returns becomes an exception. */
final class Status {
    private Status() {}

    /**
     * Returns if the status is success.
     *
     * @param problem what is being worked on, usually the spec; only printed
     */
    static void check(int status, String call, Object problem) {
        if (status != 0) {
            throw new OneDnnException(problem + ": " + call + " returned " + name(status));
        }
    }

    /** As {@link #check}, but a combination that oneDNN does not have is a reason to refuse. */
    static void checkOffered(int status, String call, Object problem) {
        if (status == Dnnl.dnnl_unimplemented()) {
            throw new Refusal("oneDNN has no implementation of this (" + call + ")");
        }
        check(status, call, problem);
    }

    private static String name(int status) {
        if (status == Dnnl.dnnl_out_of_memory()) {
            return "out_of_memory";
        } else if (status == Dnnl.dnnl_invalid_arguments()) {
            return "invalid_arguments";
        } else if (status == Dnnl.dnnl_unimplemented()) {
            return "unimplemented";
        } else if (status == Dnnl.dnnl_runtime_error()) {
            return "runtime_error";
        }
        return "status " + status;
    }
}
