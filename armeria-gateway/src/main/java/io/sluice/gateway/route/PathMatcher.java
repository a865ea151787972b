package io.sluice.gateway.route;

import com.google.common.base.Ascii;
import com.google.re2j.Pattern;

/** How a path without its query is compared. Only ASCII letters have a case, as in Envoy. */
public sealed interface PathMatcher extends Condition {
    boolean matches(String path);

    record Exact(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return caseSensitive ? path.equals(value) : Ascii.equalsIgnoreCase(path, value);
        }
    }

    record Prefix(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return startsWith(path, value, caseSensitive);
        }
    }

    /** Whole segments: {@code /pay} matches {@code /pay} and {@code /pay/1}, not {@code /payments}. */
    record SegmentPrefix(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return startsWith(path, value, caseSensitive)
                    && (path.length() == value.length() || path.charAt(value.length()) == '/');
        }
    }

    /** The whole path, in RE2's syntax and time. */
    record Regex(Pattern pattern) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return pattern.matches(path);
        }
    }

    /** The whole path, as a template says. */
    record Template(UriTemplate template) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return template.matches(path);
        }
    }

    private static boolean startsWith(String path, String prefix, boolean caseSensitive) {
        return caseSensitive
                ? path.startsWith(prefix)
                : path.length() >= prefix.length()
                        && Ascii.equalsIgnoreCase(path.subSequence(0, prefix.length()), prefix);
    }
}
