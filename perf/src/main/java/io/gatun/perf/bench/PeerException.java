package io.gatun.perf.bench;

/** PyTorch cannot run here, or not what it was asked for; the message says what it said. */
public final class PeerException extends RuntimeException {
    private static final long serialVersionUID = 1;

    PeerException(String message) {
        super(message);
    }

    PeerException(String message, Throwable cause) {
        super(message, cause);
    }
}
