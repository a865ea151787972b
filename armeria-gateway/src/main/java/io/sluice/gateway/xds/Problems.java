package io.sluice.gateway.xds;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is wrong with one resource, each with its whole path. All problems are collected before the resource is refused; not thread safe.
 *
 * <pre>
 * problems.at("virtual host 'shop'").at("route[3]").expected("num_retries", 12, "0..10");
 * // RouteConfiguration 'edge' &gt; virtual host 'shop' &gt; route[3] &gt; num_retries: 12 (expected: 0..10)
 * </pre>
 */
public final class Problems {
    private static final int SHOWN = 20;

    private final String path;
    private final List<String> found;

    private Problems(String path, List<String> found) {
        this.path = path;
        this.found = found;
    }

    /** @param resource kind and name: {@code Listener 'edge'} */
    public static Problems of(String resource) {
        return new Problems(resource, new ArrayList<>());
    }

    /** A place inside this one; what is found there is found here too. */
    public Problems at(String place) {
        return new Problems(path + " > " + place, found);
    }

    String path() {
        return path;
    }

    /** @param problem with its path */
    public void add(String problem) {
        found.add(problem);
    }

    public <T> Optional<T> expected(String field, Object value, String expected) {
        found.add(path + " > " + field + ": " + value + " (expected: " + expected + ")");
        return Optional.empty();
    }

    public <T> Optional<T> unsupported(String field) {
        found.add(path + " > " + field + ": not supported by armeria-gateway; see docs/xds-support.md");
        return Optional.empty();
    }

    public <T> Optional<T> unsupported(String field, Object value) {
        found.add(
                path + " > " + field + ": " + value + " is not supported by armeria-gateway; see docs/xds-support.md");
        return Optional.empty();
    }

    public <T> Optional<T> wrong(String field, String reason) {
        found.add(path + " > " + field + ": " + reason);
        return Optional.empty();
    }

    public boolean any() {
        return !found.isEmpty();
    }

    public List<String> list() {
        return List.copyOf(found);
    }

    /** At most 20 of them in one line each, then a count. */
    @Override
    public String toString() {
        if (found.size() <= SHOWN) {
            return String.join("\n", found);
        }
        return String.join("\n", found.subList(0, SHOWN)) + "\n... and " + (found.size() - SHOWN) + " more";
    }
}
