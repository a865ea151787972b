package io.sluice.sync.model;

/**
 * An item that was refused; the rest of the catalog is in force.
 *
 * @param source the source's name, or the file
 * @param where line and path in a file ({@code routes.yaml:12 routes[3].retry.times}), the key in Consul's KV, or the service and instance
 * @param reason what was wrong, with the offending value
 * @param expected what would have been right
 */
public record Problem(String source, String where, String reason, String expected) {
    @Override
    public String toString() {
        return source + " " + where + ": " + reason + " (expected: " + expected + ")";
    }
}
