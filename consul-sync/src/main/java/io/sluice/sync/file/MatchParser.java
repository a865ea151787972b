package io.sluice.sync.file;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.Value;
import io.sluice.sync.model.RouteRule.Value.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code match:} as one line, {@code GET,POST /orders/**}, or as an object. */
final class MatchParser {
    private static final String FORMS = "/a for that path, /a/** for all under it, /a* for a prefix, or ~regex";

    private static final java.util.regex.Pattern METHOD = java.util.regex.Pattern.compile("[A-Z][A-Z0-9_-]*");

    private static final Map<String, Kind> KINDS = Map.of(
            "exact", Kind.EXACT,
            "prefix", Kind.PREFIX,
            "suffix", Kind.SUFFIX,
            "contains", Kind.CONTAINS,
            "regex", Kind.REGEX);

    private MatchParser() {}

    static Match parse(YamlValue value) {
        if (value.isText()) {
            return line(value);
        }
        YamlMapping match = value.mapping();
        Optional<Path> path = match.read("path", given -> path(given, given.text()));
        Optional<List<String>> methods =
                match.read("methods", given -> given.oneOrMore(each -> method(each, each.text())));
        Optional<List<Value>> headers = match.read("headers", given -> given.each(MatchParser::header));
        Optional<List<Value>> query = match.read("query", given -> given.each(MatchParser::parameter));
        if (match.isEmpty()) {
            match.problem("matches nothing in particular", "path, methods, headers or query; path: /** for everything");
        }
        match.finish();
        return new Match(
                path.orElse(new Path.Prefix("/")),
                methods.orElse(List.of()),
                headers.orElse(List.of()),
                query.orElse(List.of()));
    }

    private static Match line(YamlValue value) {
        String text = value.text();
        int space = text.indexOf(' ');
        if (space < 0 || text.startsWith("/") || text.startsWith("~")) {
            return new Match(path(value, text), List.of(), List.of(), List.of());
        }
        List<String> methods = new ArrayList<>();
        for (String method : text.substring(0, space).split(",", -1)) {
            methods.add(method(value, method));
        }
        return new Match(path(value, text.substring(space + 1).strip()), methods, List.of(), List.of());
    }

    /** The path as it is written: what a route without a name is named after. */
    static String text(Path path) {
        return switch (path) {
            case Path.Exact exact -> exact.value();
            case Path.Prefix prefix -> prefix.value() + (prefix.value().equals("/") ? "**" : "*");
            case Path.SegmentPrefix segments -> segments.value() + "/**";
            case Path.Regex regex -> "~" + regex.value();
        };
    }

    private static Path path(YamlValue place, String text) {
        if (text.startsWith("~")) {
            return new Path.Regex(regex(place, text.substring(1)).pattern());
        }
        if (!text.startsWith("/")) {
            throw place.refused("path '" + text + "'", FORMS);
        }
        if (text.equals("/**") || text.equals("/*")) {
            return new Path.Prefix("/");
        }
        if (text.endsWith("/*")) {
            String parent = text.substring(0, text.length() - 2);
            throw place.refused(
                    "path '" + text + "' could mean one segment or all",
                    parent + "/** for all under it, or ~" + parent + "/[^/]+ for one segment");
        }
        Path path = text.endsWith("/**")
                ? new Path.SegmentPrefix(text.substring(0, text.length() - 3))
                : text.endsWith("*") ? new Path.Prefix(text.substring(0, text.length() - 1)) : new Path.Exact(text);
        String plain = text.replaceFirst("(/\\*)?\\*$", "");
        if (plain.indexOf('*') >= 0 || plain.indexOf(' ') >= 0) {
            throw place.refused("path '" + text + "'", FORMS);
        }
        if (plain.indexOf('?') >= 0 || plain.indexOf('#') >= 0) {
            throw place.refused("path '" + text + "'", "a path without ? and #; parameters under query");
        }
        if (path instanceof Path.SegmentPrefix && plain.endsWith("/")) {
            throw place.refused("path '" + text + "'", plain.replaceFirst("/+$", "") + "/**");
        }
        return path;
    }

    private static String method(YamlValue place, String text) {
        if (!METHOD.matcher(text).matches()) {
            throw place.refused("method '" + text + "'", "a method in capitals, such as GET");
        }
        return text;
    }

    private static Value header(Entry entry) {
        String name = entry.name().toLowerCase(Locale.ROOT);
        return value(HeaderParser.name(entry, name.startsWith(":") ? name.substring(1) : name), name, entry.value());
    }

    private static Value parameter(Entry entry) {
        Value value = value(entry.name(), entry.name(), entry.value());
        if (value.invert()) {
            throw entry.refused("a parameter that must not be there, or not so", "present: true, or a value");
        }
        return value;
    }

    private static Value value(String checked, String name, YamlValue value) {
        if (value.isText()) {
            return new Value(name, Kind.EXACT, value.text(), false);
        }
        YamlMapping how = value.mapping();
        List<Value> said = new ArrayList<>();
        for (Map.Entry<String, Kind> kind : KINDS.entrySet()) {
            how.read(kind.getKey(), given -> operand(kind.getValue(), given))
                    .ifPresent(operand -> said.add(new Value(name, kind.getValue(), operand, false)));
        }
        how.read("present", YamlValue::flag)
                .ifPresent(present -> said.add(new Value(name, Kind.PRESENT, "", !present)));
        boolean invert = how.read("invert", YamlValue::flag).orElse(false);
        how.finish();
        if (said.size() != 1) {
            throw value.refused(
                    said.size() + " conditions on '" + checked + "'",
                    "one of contains, exact, prefix, present, regex, suffix");
        }
        Value one = said.get(0);
        return new Value(one.name(), one.kind(), one.value(), one.invert() != invert);
    }

    private static String operand(Kind kind, YamlValue value) {
        String text = value.text();
        if (kind == Kind.REGEX) {
            return regex(value, text).pattern();
        }
        if (text.isEmpty() && kind != Kind.EXACT) {
            throw value.refused("''", "what to look for");
        }
        return text;
    }

    /** RE2's syntax: what Envoy runs, in time linear to its input. */
    static Pattern regex(YamlValue place, String pattern) {
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw place.refused(
                    "regex '" + pattern + "': " + e.getDescription(), "RE2 syntax, that matches the whole text");
        }
    }
}
