package io.sluice.gateway.secret;

/** Where a certificate comes from. */
public sealed interface CertificateSource {
    record Inline(Certificate certificate) implements CertificateSource {}

    /** From the stream, or from the bootstrap's secrets. */
    record Named(String secret) implements CertificateSource {}
}
