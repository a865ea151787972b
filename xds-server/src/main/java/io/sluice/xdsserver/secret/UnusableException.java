package io.sluice.xdsserver.secret;

/** Why a certificate cannot be used, and what would have been right; nothing of its content. */
final class UnusableException extends Exception {
    private final String reason;
    private final String expected;

    UnusableException(String reason, String expected) {
        super(reason, null, false, false);
        this.reason = reason;
        this.expected = expected;
    }

    String reason() {
        return reason;
    }

    String expected() {
        return expected;
    }
}
