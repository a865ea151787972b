package io.sluice.xdsserver.translate;

/**
 * Nodes that get the same configuration.
 *
 * @param region from the node's locality; empty when not said
 */
public record NodeGroup(Kind kind, String region) {
    public enum Kind {
        GATEWAY,
        ENVOY
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(java.util.Locale.ROOT) + "/" + (region.isEmpty() ? "-" : region);
    }
}
