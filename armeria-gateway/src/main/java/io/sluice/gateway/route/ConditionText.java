package io.sluice.gateway.route;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Conditions in words that people read: what the request has, and what was expected of it. */
public final class ConditionText {
    private static final int LONGEST_VALUE = 200;

    private ConditionText() {}

    /** {@code path '/pay' (expected: exactly '/orders')} */
    public static String unmet(Condition condition, RouteRequest request) {
        return has(condition, request) + " (expected: " + wanted(condition) + ")";
    }

    /** All that a match asks: {@code path prefix '/a', header x-b exactly 'c'}. */
    public static String of(RouteMatch match) {
        List<String> all = new ArrayList<>();
        all.add("path " + wanted(match.path()));
        if (match.fraction() != null) {
            all.add(wanted(match.fraction()));
        }
        if (match.grpc()) {
            all.add(wanted(RouteMatch.Grpc.ONLY));
        }
        match.headers().forEach(header -> all.add("header " + header.name() + " " + wanted(header)));
        match.query().forEach(parameter -> all.add("query parameter " + parameter.name() + " " + wanted(parameter)));
        if (match.certificate() != null) {
            all.add(wanted(match.certificate()));
        }
        match.metadata().forEach(found -> all.add(named(found) + " " + wanted(found)));
        return String.join(", ", all);
    }

    private static String has(Condition condition, RouteRequest request) {
        return switch (condition) {
            case PathMatcher path -> "path " + quoted(request.path());
            case HeaderMatcher header -> "header " + headerOf(request, header.name());
            case QueryMatcher parameter -> {
                String value = request.query(parameter.name());
                yield "query parameter " + parameter.name() + " " + (value == null ? "is not there" : quoted(value));
            }
            case MetadataMatcher found -> named(found) + " is another, or not there before the filters ran";
            case RouteMatch.Grpc grpc -> headerOf(request, "content-type");
            case RouteMatch.Fraction fraction -> "by chance not among those";
            case RouteMatch.CallersCertificate certificate ->
                request.hasCertificate()
                        ? "the caller shows a certificate" + (request.hasValidCertificate() ? "" : " that is not valid")
                        : "the caller shows no certificate";
        };
    }

    private static String headerOf(RouteRequest request, String name) {
        List<String> values = request.header(name);
        return name + " "
                + (values.isEmpty()
                        ? "is not there"
                        : values.stream().map(ConditionText::quoted).collect(Collectors.joining(", ")));
    }

    private static String named(MetadataMatcher found) {
        return "metadata " + found.filter() + " " + String.join(".", found.path());
    }

    private static String wanted(Condition condition) {
        return switch (condition) {
            case PathMatcher path -> wanted(path);
            case HeaderMatcher header -> negated(header.invert()) + wanted(header.value());
            case QueryMatcher parameter -> wanted(parameter.value());
            case MetadataMatcher found -> negated(found.invert()) + wanted(found.value());
            case RouteMatch.Grpc grpc -> "gRPC: content-type application/grpc";
            case RouteMatch.Fraction fraction -> fraction.numerator() + " of " + fraction.denominator() + " requests";
            case RouteMatch.CallersCertificate certificate -> {
                List<String> all = new ArrayList<>();
                if (certificate.shown() != null) {
                    all.add(certificate.shown() ? "a certificate of the caller" : "no certificate of the caller");
                }
                if (certificate.valid() != null) {
                    all.add(certificate.valid() ? "a valid one" : "no valid one");
                }
                yield String.join(", ", all);
            }
        };
    }

    private static String negated(boolean invert) {
        return invert ? "not " : "";
    }

    private static String wanted(PathMatcher path) {
        return switch (path) {
            case PathMatcher.Exact exact -> "exactly " + quoted(exact.value()) + anyCase(!exact.caseSensitive());
            case PathMatcher.Prefix prefix -> "prefix " + quoted(prefix.value()) + anyCase(!prefix.caseSensitive());
            case PathMatcher.SegmentPrefix segments ->
                "segments " + quoted(segments.value()) + anyCase(!segments.caseSensitive());
            case PathMatcher.Regex regex -> "regex " + quoted(regex.pattern().pattern());
            case PathMatcher.Template template ->
                "template " + quoted(template.template().toString());
        };
    }

    private static String wanted(ValueMatcher value) {
        return switch (value) {
            case ValueMatcher.Present present -> "present";
            case ValueMatcher.Exact exact -> "exactly " + quoted(exact.expected()) + anyCase(exact.ignoreCase());
            case ValueMatcher.Prefix prefix -> "prefix " + quoted(prefix.prefix()) + anyCase(prefix.ignoreCase());
            case ValueMatcher.Suffix suffix -> "suffix " + quoted(suffix.suffix()) + anyCase(suffix.ignoreCase());
            case ValueMatcher.Contains contains ->
                "containing " + quoted(contains.part()) + anyCase(contains.ignoreCase());
            case ValueMatcher.Regex regex -> "regex " + quoted(regex.pattern().pattern());
            case ValueMatcher.Range range -> "a whole number from " + range.start() + " up to but not " + range.end();
        };
    }

    private static String wanted(MetadataMatcher.Value value) {
        return switch (value) {
            case MetadataMatcher.Value.Present present -> present.expected() ? "present" : "never met";
            case MetadataMatcher.Value.Text text -> wanted(text.text());
            case MetadataMatcher.Value.Truth truth -> String.valueOf(truth.expected());
            case MetadataMatcher.Value.Range range -> "from " + range.start() + " up to but not " + range.end();
            case MetadataMatcher.Value.OneOf one -> "a list with one that is " + wanted(one.item());
            case MetadataMatcher.Value.AnyOf any ->
                any.values().stream().map(ConditionText::wanted).collect(Collectors.joining(" or "));
        };
    }

    private static String anyCase(boolean any) {
        return any ? " in any case" : "";
    }

    private static String quoted(String value) {
        return "'" + (value.length() > LONGEST_VALUE ? value.substring(0, LONGEST_VALUE) + "..." : value) + "'";
    }
}
