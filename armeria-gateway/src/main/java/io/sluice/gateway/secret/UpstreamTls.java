package io.sluice.gateway.secret;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How a cluster's endpoints are spoken to by TLS.
 *
 * @param certificate that we show
 * @param serverName that we ask for; empty asks for none
 * @param alpn empty leaves it to the protocol that is spoken
 */
public record UpstreamTls(
        Optional<CertificateSource> certificate,
        RulesSource rules,
        TlsParameters parameters,
        List<String> alpn,
        String serverName) {
    public UpstreamTls {
        alpn = List.copyOf(alpn);
    }

    /** The secrets that it names. */
    public Set<String> secrets() {
        Set<String> names = new HashSet<>();
        if (certificate.orElse(null) instanceof CertificateSource.Named named) {
            names.add(named.secret());
        }
        rules.name().ifPresent(names::add);
        return names;
    }
}
