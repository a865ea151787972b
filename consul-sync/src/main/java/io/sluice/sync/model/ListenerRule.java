package io.sluice.sync.model;

import java.util.Optional;

/**
 * A port on which nodes take requests. The default, where nobody declares one, is {@code edge} on 0.0.0.0:8080.
 *
 * @param region only nodes of this region get it
 * @param nodes only nodes of this kind get it
 */
public record ListenerRule(String name, String address, int port, Optional<String> region, NodeKind nodes) {
    public static final ListenerRule DEFAULT =
            new ListenerRule("edge", "0.0.0.0", 8080, Optional.empty(), NodeKind.ANY);

    public ListenerRule {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("port: " + port + " (expected: 0..65535)");
        }
    }

    /** Which data plane a listener is for. */
    public enum NodeKind {
        ANY,
        GATEWAY,
        ENVOY
    }
}
