package io.gatun.cuda.vendor;

/** While a kernel is made: the library does not have it, so that the next backend is asked. Its message is the reason. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String reason) {
        super(reason, null, false, false);
    }
}
