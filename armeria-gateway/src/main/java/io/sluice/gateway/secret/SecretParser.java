package io.sluice.gateway.secret;

import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;

/** Reads Envoy's Secret: a certificate with its key, or rules for the other side's certificate. */
public final class SecretParser {
    private final TlsContextParser contexts;

    public SecretParser(TlsContextParser contexts) {
        this.contexts = contexts;
    }

    /** One of them. */
    public sealed interface Parsed {
        record Own(Certificate certificate) implements Parsed {}

        record Others(PeerRules rules) implements Parsed {}
    }

    /**
     * @param own whether the bootstrap says it, and may name any file
     * @return empty when something was reported
     */
    public Optional<Parsed> parse(Secret secret, boolean own, Problems problems) {
        return switch (secret.getTypeCase()) {
            case TLS_CERTIFICATE ->
                contexts.certificate(secret.getTlsCertificate(), own, problems.at("tls_certificate"))
                        .map(Parsed.Own::new);
            case VALIDATION_CONTEXT -> {
                PeerRules rules =
                        contexts.rules(secret.getValidationContext(), own, false, problems.at("validation_context"));
                yield problems.any() ? Optional.empty() : Optional.of(new Parsed.Others(rules));
            }
            case SESSION_TICKET_KEYS, GENERIC_SECRET, TYPE_NOT_SET ->
                problems.expected("type", secret.getTypeCase(), "tls_certificate or validation_context");
        };
    }
}
