package io.sluice.gateway.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request for {@code GET http://authority/path?query}, counting how often matching asks for a header. */
final class FakeRequest implements RouteRequest {
    private final String authority;
    private final String path;
    private final Map<String, List<String>> headers = new HashMap<>();
    private final Map<String, String> query = new HashMap<>();
    private final Map<String, Map<String, Object>> metadata = new HashMap<>();
    private long random;
    private int headerAsked;

    FakeRequest(String authority, String path) {
        this.authority = authority;
        this.path = path;
    }

    FakeRequest header(String name, String value) {
        headers.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        return this;
    }

    FakeRequest query(String name, String value) {
        query.putIfAbsent(name, value);
        return this;
    }

    FakeRequest random(long value) {
        random = value;
        return this;
    }

    int headerAsked() {
        return headerAsked;
    }

    @Override
    public String authority() {
        return authority;
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public List<String> header(String name) {
        headerAsked++;
        return headers.getOrDefault(name, List.of());
    }

    FakeRequest metadata(String filter, Map<String, Object> found) {
        metadata.put(filter, found);
        return this;
    }

    @Override
    public Map<String, Object> metadata(String filter) {
        return metadata.getOrDefault(filter, Map.of());
    }

    @Override
    public @Nullable String query(String name) {
        return query.get(name);
    }

    @Override
    public long random() {
        return random;
    }

    @Override
    public boolean isTls() {
        return false;
    }

    @Override
    public String toString() {
        return authority + path + " " + headers + " ?" + query;
    }
}
