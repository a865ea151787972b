package io.sluice.gateway.accesslog;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the two sides of a TLS connection agreed on.
 *
 * @param version {@code TLSv1.3}
 * @param cipher OpenSSL's name
 * @param id hex, empty where the session has none
 * @param serverName that the caller asked for; empty where none
 * @param alpn empty where none
 * @param local our certificate
 * @param chain of the other side, its own certificate first; empty where it showed none
 * @param validated whether that comes from an issuer whom we trust, or is pinned
 */
public record TlsSession(
        String version,
        String cipher,
        String id,
        String serverName,
        String alpn,
        @Nullable CertificateFacts local,
        List<X509Certificate> chain,
        boolean validated) {
    public TlsSession {
        chain = List.copyOf(chain);
    }

    /** The other side's certificate. */
    public Optional<CertificateFacts> peer() {
        return chain.isEmpty() ? Optional.empty() : Optional.of(new CertificateFacts(chain.getFirst()));
    }

    public Optional<CertificateFacts> own() {
        return Optional.ofNullable(local);
    }
}
