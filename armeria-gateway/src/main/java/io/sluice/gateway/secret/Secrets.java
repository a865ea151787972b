package io.sluice.gateway.secret;

import java.util.Map;
import java.util.Optional;

/** All secrets at one moment, by name. Immutable. */
public record Secrets(Map<String, Certificate> certificates, Map<String, PeerRules> rules) {
    public static final Secrets NONE = new Secrets(Map.of(), Map.of());

    public Secrets {
        certificates = Map.copyOf(certificates);
        rules = Map.copyOf(rules);
    }

    public boolean has(String name) {
        return certificates.containsKey(name) || rules.containsKey(name);
    }

    Optional<Certificate> certificate(CertificateSource source) {
        return switch (source) {
            case CertificateSource.Inline inline -> Optional.of(inline.certificate());
            case CertificateSource.Named named -> Optional.ofNullable(certificates.get(named.secret()));
        };
    }

    Optional<PeerRules> rules(RulesSource source) {
        return switch (source) {
            case RulesSource.Inline inline -> Optional.of(inline.rules());
            case RulesSource.Named named ->
                Optional.ofNullable(rules.get(named.secret())).map(found -> found.over(named.under()));
        };
    }
}
