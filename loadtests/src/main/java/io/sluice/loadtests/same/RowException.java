package io.sluice.loadtests.same;

/** A row file that cannot be read; the message holds the whole path to the fault and what would have been right. */
public final class RowException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    RowException(String where, String what) {
        super(where + ": " + what);
    }
}
