package io.sluice.gateway.settings;

/** A setting that stops the start; the message is one line for the person who wrote it. */
public final class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public SettingsException(String message) {
        super(message);
    }
}
