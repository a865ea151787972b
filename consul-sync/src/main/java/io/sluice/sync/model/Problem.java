package io.sluice.sync.model;

/**
 * An item that was refused; the rest of the catalog is in force.
 *
 * @param source the source's name: {@code file:/etc/sluice}
 * @param where line and path in a file ({@code routes.yaml:12 routes[3].retry.times}), the same with the key in Consul's KV, or {@code service orders instance orders-1}
 * @param reason what was wrong, with the offending value
 * @param expected what would have been right
 */
public record Problem(String source, String where, String reason, String expected) {
    @Override
    public String toString() {
        return where + ": " + reason + " (expected: " + expected + ")";
    }
}
