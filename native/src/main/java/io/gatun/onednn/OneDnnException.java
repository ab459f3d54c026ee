package io.gatun.onednn;

/** oneDNN answered a call with something else than success; the message has the call, its status and the spec. */
public final class OneDnnException extends RuntimeException {
    private static final long serialVersionUID = 1;

    OneDnnException(String message) {
        super(message);
    }
}
