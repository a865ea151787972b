package io.sluice.sync.file;

import io.sluice.sync.model.Problem;

/**
 * Where something was written.
 *
 * @param source the source's name
 * @param document the file's name, or the key in Consul's KV
 * @param path {@code routes[3].retry.times}; empty for the document itself
 */
public record Place(String source, String document, int line, String path) {

    public Problem problem(String reason, String expected) {
        return new Problem(source, path.isEmpty() ? origin() : origin() + " " + path, reason, expected);
    }

    /** {@code routes.yaml:12}. */
    public String origin() {
        return document + ":" + line;
    }
}
