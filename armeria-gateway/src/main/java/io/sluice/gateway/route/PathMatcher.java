package io.sluice.gateway.route;

import com.google.re2j.Pattern;

/** How a path without its query is compared. */
public sealed interface PathMatcher {
    boolean matches(String path);

    record Exact(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return caseSensitive ? path.equals(value) : path.equalsIgnoreCase(value);
        }
    }

    record Prefix(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return path.regionMatches(!caseSensitive, 0, value, 0, value.length());
        }
    }

    /** Whole segments: {@code /pay} matches {@code /pay} and {@code /pay/1}, not {@code /payments}. */
    record SegmentPrefix(String value, boolean caseSensitive) implements PathMatcher {
        @Override
        public boolean matches(String path) {
            return path.regionMatches(!caseSensitive, 0, value, 0, value.length())
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
}
