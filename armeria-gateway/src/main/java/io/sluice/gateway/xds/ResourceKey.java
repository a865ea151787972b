package io.sluice.gateway.xds;

/** Names one resource. */
public record ResourceKey(ResourceKind kind, String name) {
    @Override
    public String toString() {
        return kind.word() + " '" + name + "'";
    }
}
