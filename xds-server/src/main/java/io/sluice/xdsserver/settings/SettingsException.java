package io.sluice.xdsserver.settings;

/** A setting that stops the start; the message is one line for the person who wrote it. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(message);
    }

    /** A server that did not start. */
    public static SettingsException cannotListen(String setting, HostPort address, Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return new SettingsException(setting + ": cannot listen on " + address + ": " + root.getMessage()
                + " (expected: a free port, or 0 for any)");
    }
}
