package io.sluice.sync.model;

import java.util.List;
import java.util.Optional;

/**
 * A port on which nodes take requests. The default, where nobody declares one, is {@code edge} on 0.0.0.0:8080.
 *
 * @param region only nodes of this region get it
 * @param nodes only nodes of this kind get it
 * @param tls empty for clear text
 */
public record ListenerRule(
        String name, String address, int port, Optional<String> region, NodeKind nodes, Optional<Tls> tls) {
    public static final ListenerRule DEFAULT =
            new ListenerRule("edge", "0.0.0.0", 8080, Optional.empty(), NodeKind.ANY);

    public ListenerRule {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
    }

    /** In clear text. */
    public ListenerRule(String name, String address, int port, Optional<String> region, NodeKind nodes) {
        this(name, address, port, region, nodes, Optional.empty());
    }

    /**
     * How TLS ends here.
     *
     * @param certificates names, at least one; a caller is shown the one that has the name it asks for, else the first
     * @param callers name of the authorities of which each caller must have a certificate; empty asks for none
     */
    public record Tls(List<String> certificates, Optional<String> callers) {
        public Tls {
            certificates = List.copyOf(certificates);
            if (certificates.isEmpty()) {
                throw new IllegalArgumentException("certificates: none (expected: at least one)");
            }
        }
    }

    /** Which data plane a listener is for. */
    public enum NodeKind {
        ANY,
        GATEWAY,
        ENVOY
    }
}
