package io.gatun.onednn;

import java.io.IOException;

/** Something in the cache is not what Gatun put there: nothing is loaded, and no other place is tried. */
final class UntrustedFileException extends IOException {
    private static final long serialVersionUID = 1;

    UntrustedFileException(String message) {
        super(message);
    }
}
