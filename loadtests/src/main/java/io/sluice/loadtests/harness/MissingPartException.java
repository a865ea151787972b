package io.sluice.loadtests.harness;

/** A real part is not on this machine; the message says how to get it. In CI this fails a test, elsewhere it skips one. */
public final class MissingPartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MissingPartException(String message) {
        super(message);
    }
}
