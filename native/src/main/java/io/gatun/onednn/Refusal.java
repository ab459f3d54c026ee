package io.gatun.onednn;

/** Thrown while a kernel is being made, to say why there is none; the session turns it into a refused offer. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String reason) {
        super(reason, null, false, false);
    }
}
