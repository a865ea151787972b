package io.sluice.gateway.secret;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How a filter chain speaks TLS.
 *
 * @param certificates at least one
 * @param alpn in order of preference
 * @param scanOnMismatch whether a certificate that does not name the asked host is chosen by the kind of its key, as without a name
 */
public record DownstreamTls(
        List<CertificateSource> certificates,
        RulesSource rules,
        boolean requireClientCertificate,
        TlsParameters parameters,
        List<String> alpn,
        boolean scanOnMismatch) {
    public DownstreamTls {
        certificates = List.copyOf(certificates);
        alpn = List.copyOf(alpn);
    }

    /** The secrets that it names. */
    public Set<String> secrets() {
        Set<String> names = new HashSet<>();
        for (CertificateSource source : certificates) {
            if (source instanceof CertificateSource.Named named) {
                names.add(named.secret());
            }
        }
        rules.name().ifPresent(names::add);
        return names;
    }
}
