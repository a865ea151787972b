package io.sluice.sync.file;

import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** {@code headers:} of a route. */
final class HeaderParser {
    /** RFC 9110, "token". */
    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    private static final String EXPECTED = "a header's name, such as x-team";

    private HeaderParser() {}

    /** What happens to a request and to its response. */
    record Changes(HeaderChanges request, HeaderChanges response) {
        static final Changes NONE = new Changes(HeaderChanges.NONE, HeaderChanges.NONE);
    }

    static Changes parse(YamlValue value) {
        YamlMapping headers = value.mapping();
        Optional<HeaderChanges> request = headers.read("request", HeaderParser::changes);
        Optional<HeaderChanges> response = headers.read("response", HeaderParser::changes);
        headers.finish();
        return new Changes(request.orElse(HeaderChanges.NONE), response.orElse(HeaderChanges.NONE));
    }

    private static HeaderChanges changes(YamlValue value) {
        YamlMapping changes = value.mapping();
        Function<YamlValue, Map<String, String>> values = given ->
                given.each(HeaderParser::change).stream().collect(Collectors.toMap(Change::name, Change::value));
        Optional<Map<String, String>> set = changes.read("set", values);
        Optional<Map<String, String>> add = changes.read("add", values);
        Optional<List<String>> remove =
                changes.read("remove", given -> given.oneOrMore(name -> changeable(name, name.text())));
        changes.finish();
        return new HeaderChanges(remove.orElse(List.of()), set.orElse(Map.of()), add.orElse(Map.of()));
    }

    private record Change(String name, String value) {}

    private static Change change(Entry entry) {
        String name = changeable(entry.value(), entry.name());
        String value = entry.value().text();
        if (value.chars().anyMatch(c -> c < ' ' && c != '\t')) {
            throw entry.value().refused("a value with a control character", "one line of text");
        }
        return new Change(name, value);
    }

    private static String changeable(YamlValue place, String name) {
        if (!NAME.matcher(name).matches()) {
            throw place.refused("header name '" + name + "'", EXPECTED);
        }
        if (name.equalsIgnoreCase("host")) {
            throw place.refused("'" + name + "' is not changed as a header", "rewrite: {host: ...}");
        }
        return name.toLowerCase(Locale.ROOT);
    }

    static String name(Entry entry, String name) {
        if (!NAME.matcher(name).matches()) {
            throw entry.refused("header name '" + entry.name() + "'", EXPECTED);
        }
        return name;
    }

    static String name(YamlValue place, String name) {
        if (!NAME.matcher(name).matches()) {
            throw place.refused("header name '" + name + "'", EXPECTED);
        }
        return name.toLowerCase(Locale.ROOT);
    }
}
