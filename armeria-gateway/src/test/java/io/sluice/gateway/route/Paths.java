package io.sluice.gateway.route;

import com.google.re2j.Pattern;

/** Path matchers in one word: {@code exact:/a}, {@code prefix:/a}, {@code segment:/a}, {@code regex:/a.*}; in capitals for any case. */
final class Paths {
    private Paths() {}

    static PathMatcher of(String word) {
        int colon = word.indexOf(':');
        String value = word.substring(colon + 1);
        return switch (word.substring(0, colon)) {
            case "exact" -> new PathMatcher.Exact(value, true);
            case "EXACT" -> new PathMatcher.Exact(value, false);
            case "prefix" -> new PathMatcher.Prefix(value, true);
            case "PREFIX" -> new PathMatcher.Prefix(value, false);
            case "segment" -> new PathMatcher.SegmentPrefix(value, true);
            case "SEGMENT" -> new PathMatcher.SegmentPrefix(value, false);
            case "regex" -> new PathMatcher.Regex(Pattern.compile(value));
            default -> throw new IllegalArgumentException(word);
        };
    }
}
