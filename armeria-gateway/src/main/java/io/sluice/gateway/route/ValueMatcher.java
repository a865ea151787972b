package io.sluice.gateway.route;

import com.google.re2j.Pattern;
import java.util.Locale;

/** How a header or query value is compared. */
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
            return ignoreCase ? value.equalsIgnoreCase(expected) : value.equals(expected);
        }
    }

    record Prefix(String prefix, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return value.regionMatches(ignoreCase, 0, prefix, 0, prefix.length());
        }
    }

    record Suffix(String suffix, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return value.regionMatches(ignoreCase, value.length() - suffix.length(), suffix, 0, suffix.length());
        }
    }

    record Contains(String part, boolean ignoreCase) implements ValueMatcher {
        @Override
        public boolean matches(String value) {
            return ignoreCase
                    ? value.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT))
                    : value.contains(part);
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
}
