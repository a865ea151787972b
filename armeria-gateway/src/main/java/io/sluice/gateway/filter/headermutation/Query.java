package io.sluice.gateway.filter.headermutation;

import com.google.common.base.CharMatcher;
import io.sluice.gateway.accesslog.StreamInfo;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.QueryChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A path with its query taken apart. What is changed comes back sorted by name, as Envoy keeps it. */
final class Query {
    private static final String HEX = "0123456789ABCDEF";
    private static final CharMatcher PLAIN = CharMatcher.inRange('a', 'z')
            .or(CharMatcher.inRange('A', 'Z'))
            .or(CharMatcher.inRange('0', '9'))
            .or(CharMatcher.anyOf("-._~"));

    private final String path;
    private final Map<String, List<String>> parameters = new TreeMap<>();

    private Query(String path) {
        this.path = path;
    }

    static Query of(String whole) {
        int question = whole.indexOf('?');
        Query query = new Query(question < 0 ? whole : whole.substring(0, question));
        if (question >= 0) {
            for (String pair : whole.substring(question + 1).split("&")) {
                if (!pair.isEmpty()) {
                    int equals = pair.indexOf('=');
                    query.values(equals < 0 ? pair : pair.substring(0, equals))
                            .add(equals < 0 ? "" : pair.substring(equals + 1));
                }
            }
        }
        return query;
    }

    private List<String> values(String name) {
        return parameters.computeIfAbsent(name, n -> new ArrayList<>());
    }

    Query apply(List<QueryChange> changes, StreamInfo info) {
        for (QueryChange change : changes) {
            if (change.value() == null) {
                parameters.remove(change.name());
                continue;
            }
            String text = change.value().value(info);
            String value = encoded(text == null ? "" : text);
            boolean there = parameters.containsKey(change.name());
            switch (change.append()) {
                case APPEND_IF_EXISTS_OR_ADD -> values(change.name()).add(value);
                case ADD_IF_ABSENT -> {
                    if (!there) {
                        values(change.name()).add(value);
                    }
                }
                case OVERWRITE_IF_EXISTS -> {
                    if (there) {
                        overwrite(change.name(), value);
                    }
                }
                case OVERWRITE_IF_EXISTS_OR_ADD -> overwrite(change.name(), value);
            }
        }
        return this;
    }

    /** Everything but letters, digits and {@code -._~}. */
    private static String encoded(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (PLAIN.matches((char) (b & 0xff))) {
                out.append((char) b);
            } else {
                out.append('%').append(HEX.charAt((b >> 4) & 15)).append(HEX.charAt(b & 15));
            }
        }
        return out.toString();
    }

    private void overwrite(String name, String value) {
        List<String> values = values(name);
        values.clear();
        values.add(value);
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder(path);
        char before = '?';
        for (Map.Entry<String, List<String>> parameter : parameters.entrySet()) {
            for (String value : parameter.getValue()) {
                out.append(before).append(parameter.getKey()).append('=').append(value);
                before = '&';
            }
        }
        return out.toString();
    }
}
