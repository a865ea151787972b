package io.sluice.gateway.compile;

/**
 * What becomes of x-forwarded-client-cert.
 *
 * @param cert the certificate in it, and so on
 */
public record ClientCertificates(Mode mode, boolean subject, boolean cert, boolean chain, boolean dns, boolean uri) {
    public static final ClientCertificates SANITIZE =
            new ClientCertificates(Mode.SANITIZE, false, false, false, false, false);

    /** Envoy's words. */
    public enum Mode {
        SANITIZE,
        FORWARD_ONLY,
        APPEND_FORWARD,
        SANITIZE_SET,
        ALWAYS_FORWARD_ONLY
    }
}
