package io.gatun.kernel;

/** A backend's answer to a spec: a kernel, or the one precise reason why not. */
public sealed interface Offer {
    record Taken(Kernel kernel) implements Offer {}

    record Refused(String reason) implements Offer {}

    static Offer of(Kernel kernel) {
        return new Taken(kernel);
    }

    static Offer refused(String reason) {
        return new Refused(reason);
    }
}
