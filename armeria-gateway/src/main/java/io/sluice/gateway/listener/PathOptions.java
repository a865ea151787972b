package io.sluice.gateway.listener;

import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.compile.HttpConnectionManager.EscapedSlashes;
import java.util.ArrayList;
import java.util.List;

/** Envoy's path options, in its order: escaped slashes, then normalisation, then merged slashes. The query is never touched. */
final class PathOptions {
    private PathOptions() {}

    sealed interface Result {
        record Same() implements Result {}

        record Changed(String path) implements Result {}

        record Redirected(String path) implements Result {}

        record Refused() implements Result {}
    }

    private static final Result SAME = new Result.Same();
    private static final Result REFUSED = new Result.Refused();

    static Result apply(HttpConnectionManager manager, String whole) {
        return apply(manager.escapedSlashes(), manager.normalizePath(), manager.mergeSlashes(), whole);
    }

    static Result apply(EscapedSlashes escapedSlashes, boolean normalizePath, boolean mergeSlashes, String whole) {
        if (escapedSlashes == EscapedSlashes.KEEP_UNCHANGED && !normalizePath && !mergeSlashes) {
            return SAME;
        }
        int query = whole.indexOf('?');
        String path = query < 0 ? whole : whole.substring(0, query);
        boolean redirect = false;
        String next = path;
        if (escapedSlashes != EscapedSlashes.KEEP_UNCHANGED) {
            String unescaped = unescapeSlashes(path);
            if (!unescaped.equals(path)) {
                if (escapedSlashes == EscapedSlashes.REJECT_REQUEST) {
                    return REFUSED;
                }
                redirect = escapedSlashes == EscapedSlashes.UNESCAPE_AND_REDIRECT;
                next = unescaped;
            }
        }
        if (normalizePath) {
            String normal = normalize(next);
            if (normal == null) {
                return REFUSED;
            }
            next = normal;
        }
        if (mergeSlashes) {
            next = next.replaceAll("//+", "/");
        }
        if (next.equals(path)) {
            return SAME;
        }
        String changed = query < 0 ? next : next + whole.substring(query);
        return redirect ? new Result.Redirected(changed) : new Result.Changed(changed);
    }

    private static String unescapeSlashes(String path) {
        StringBuilder out = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '%' && i + 2 < path.length()) {
                String code = path.substring(i + 1, i + 3);
                if (code.equalsIgnoreCase("2f") || code.equalsIgnoreCase("5c")) {
                    out.append(code.equalsIgnoreCase("2f") ? '/' : '\\');
                    i += 2;
                    continue;
                }
            }
            out.append(c);
        }
        return out.toString();
    }

    /** RFC 3986 as Chromium's canonicaliser does it: dot segments, backslashes, and escapes that need none. Null where it cannot be. */
    private static @org.jspecify.annotations.Nullable String normalize(String path) {
        StringBuilder decoded = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '\\') {
                decoded.append('/');
            } else if (c == '%' && i + 2 < path.length()) {
                int high = Character.digit(path.charAt(i + 1), 16);
                int low = Character.digit(path.charAt(i + 2), 16);
                int code = high * 16 + low;
                if (high < 0 || low < 0) {
                    decoded.append(c);
                } else if (code == 0) {
                    return null;
                } else if (unreserved((char) code)) {
                    decoded.append((char) code);
                    i += 2;
                } else {
                    decoded.append(c);
                }
            } else {
                decoded.append(c);
            }
        }
        List<String> segments = new ArrayList<>();
        String[] parts = decoded.substring(1).split("/", -1);
        for (int i = 0; i < parts.length; i++) {
            boolean last = i == parts.length - 1;
            switch (parts[i]) {
                case "." -> {
                    if (last) {
                        segments.add("");
                    }
                }
                case ".." -> {
                    if (!segments.isEmpty()) {
                        segments.remove(segments.size() - 1);
                    }
                    if (last) {
                        segments.add("");
                    }
                }
                default -> segments.add(parts[i]);
            }
        }
        return "/" + String.join("/", segments);
    }

    private static boolean unreserved(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }
}
