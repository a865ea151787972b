package io.sluice.gateway.filter;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a path's query. Written back sorted by name, as Envoy does when a filter changes one; what was there is written letter by letter
 * as it was, where Envoy writes it decoded.
 */
public final class QueryString {
    private static final String UNRESERVED = "-._~";

    private final String bare;
    private final TreeMap<String, List<Pair>> parameters = new TreeMap<>();

    private record Pair(String raw, String value) {}

    private QueryString(String bare) {
        this.bare = bare;
    }

    /** @param path with its query, if there is one */
    public static QueryString of(String path) {
        int question = path.indexOf('?');
        if (question < 0) {
            return new QueryString(path);
        }
        QueryString query = new QueryString(path.substring(0, question));
        for (String pair : path.substring(question + 1).split("&")) {
            if (!pair.isEmpty()) {
                int equals = pair.indexOf('=');
                String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
                query.add(
                        decode(equals < 0 ? pair : pair.substring(0, equals)),
                        new Pair(equals < 0 ? pair + "=" : pair, value));
            }
        }
        return query;
    }

    private void add(String name, Pair pair) {
        parameters.computeIfAbsent(name, any -> new ArrayList<>()).add(pair);
    }

    /** The first of this name, decoded. */
    public @Nullable String get(String name) {
        List<Pair> pairs = parameters.get(name);
        return pairs == null ? null : pairs.getFirst().value();
    }

    public void remove(String name) {
        parameters.remove(name);
    }

    /** In place of all of this name. */
    public void set(String name, String value) {
        remove(name);
        add(name, new Pair(encode(name) + "=" + encode(value), value));
    }

    /** As {@link #set}, with both already encoded. */
    public void setRaw(String name, String value) {
        parameters.remove(decode(name));
        add(decode(name), new Pair(name + "=" + value, decode(value)));
    }

    /** The whole path with these parameters. */
    public String path() {
        StringBuilder path = new StringBuilder(bare);
        char before = '?';
        for (List<Pair> pairs : parameters.values()) {
            for (Pair pair : pairs) {
                path.append(before).append(pair.raw());
                before = '&';
            }
        }
        return path.toString();
    }

    /** A plus sign stays one; what is no hexadecimal number stays as it is. */
    private static String decode(String raw) {
        if (raw.indexOf('%') < 0) {
            return raw;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            int high = raw.charAt(i) == '%' && i + 2 < raw.length() ? Character.digit(raw.charAt(i + 1), 16) : -1;
            int low = high < 0 ? -1 : Character.digit(raw.charAt(i + 2), 16);
            if (low >= 0) {
                bytes.write(high << 4 | low);
                i += 2;
            } else {
                bytes.writeBytes(String.valueOf(raw.charAt(i)).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        StringBuilder to = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if ((c < 128 && Character.isLetterOrDigit(c)) || UNRESERVED.indexOf(c) >= 0) {
                to.append(c);
            } else {
                to.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
        return to.toString();
    }
}
