package io.gatun.perf.bench;

import io.gatun.spec.Spec;

/** A backend that was named has no kernel for a spec; the message says why. */
public final class RefusedException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    RefusedException(String backend, Spec spec, String reason) {
        super(backend + " has no kernel for '" + spec + "': " + reason);
    }
}
