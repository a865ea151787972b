package io.sluice.gateway.route;

import com.google.common.base.Ascii;
import com.google.re2j.Pattern;

/** How a header or query value is compared. Only ASCII letters have a case, as in Envoy. */
public sealed interface ValueMatcher {
    boolean matches(String value);

    record Present() implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return true;
        }
    }

    record Exact(String expected, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return same(value, expected, ignoreCase);
        }
    }

    record Prefix(String prefix, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return value.length() >= prefix.length() && same(value.substring(0, prefix.length()), prefix, ignoreCase);
        }
    }

    record Suffix(String suffix, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return value.length() >= suffix.length()
                    && same(value.substring(value.length() - suffix.length()), suffix, ignoreCase);
        }
    }

    record Contains(String part, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return ignoreCase ? Ascii.toLowerCase(value).contains(Ascii.toLowerCase(part)) : value.contains(part);
        }
    }

    /** The whole value, in RE2's syntax and time. */
    record Regex(Pattern pattern) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return pattern.matches(value);
        }
    }

    /** A whole number from {@code start} up to but not {@code end}. */
    record Range(long start, long end) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            try {
                long number = Long.parseLong(value);
                return number >= start && number < end;
            } catch (NumberFormatException e) {
                return false;
            }
        }
    }

    private static boolean same(String a, String b, boolean ignoreCase) {
        return ignoreCase ? Ascii.equalsIgnoreCase(a, b) : a.equals(b);
    }
}
