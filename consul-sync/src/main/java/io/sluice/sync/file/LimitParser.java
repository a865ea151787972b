package io.sluice.sync.file;

import io.sluice.sync.model.RouteRule.Limit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code limit: {per: address, rate: 60/min}}. */
final class LimitParser {
    private static final Pattern RATE = Pattern.compile("(\\d{1,10}) ?/ ?([a-z]+)");

    private static final Map<String, Duration> UNITS = Map.ofEntries(
            Map.entry("s", Duration.ofSeconds(1)),
            Map.entry("sec", Duration.ofSeconds(1)),
            Map.entry("second", Duration.ofSeconds(1)),
            Map.entry("m", Duration.ofMinutes(1)),
            Map.entry("min", Duration.ofMinutes(1)),
            Map.entry("minute", Duration.ofMinutes(1)),
            Map.entry("h", Duration.ofHours(1)),
            Map.entry("hour", Duration.ofHours(1)),
            Map.entry("d", Duration.ofDays(1)),
            Map.entry("day", Duration.ofDays(1)));

    /** What the answers of Envoy's rate limit service can carry. */
    private static final long MOST = 0xFFFF_FFFFL;

    private LimitParser() {}

    /** @param name empty when it is to be named after its route */
    record Rule(Optional<String> name, Limit.Key per, Rate rate) {}

    private record Rate(long requests, Duration unit) {}

    static Rule parse(YamlValue value) {
        YamlMapping limit = value.mapping();
        Optional<Limit.Key> per = limit.read("per", LimitParser::key);
        Optional<Rate> rate = limit.need("rate", LimitParser::rate);
        Optional<String> name = limit.read("name", RouteParser::name);
        limit.finish();
        return new Rule(name, per.orElseGet(Limit.Key.Everyone::new), rate.orElseThrow());
    }

    /** Limits without a name are named after the route, the second one with {@code #2}. */
    static List<Limit> named(List<Rule> rules, String route) {
        return rules.stream()
                .map(rule -> {
                    int place = rules.indexOf(rule) + 1;
                    return new Limit(
                            rule.name().orElse(place == 1 ? route : route + "#" + place),
                            rule.per(),
                            rule.rate().requests(),
                            rule.rate().unit());
                })
                .toList();
    }

    private static Limit.Key key(YamlValue value) {
        String text = value.text();
        if (text.startsWith("header:")) {
            return new Limit.Key.Header(HeaderParser.name(value, text.substring("header:".length())));
        }
        if (text.startsWith("claim:")) {
            return claim(value, text.substring("claim:".length()));
        }
        return switch (text) {
            case "everyone" -> new Limit.Key.Everyone();
            case "address" -> new Limit.Key.Address();
            case "sub" -> new Limit.Key.Claim("sub");
            default ->
                throw value.refused("unknown word '" + text + "'", "everyone, address, sub, claim:NAME or header:NAME");
        };
    }

    private static Limit.Key claim(YamlValue value, String name) {
        if (!name.matches("[!-~]{1,100}")) {
            throw value.refused("claim '" + name + "'", "at most 100 ASCII characters without spaces");
        }
        return new Limit.Key.Claim(name);
    }

    private static Rate rate(YamlValue value) {
        String expected = "requests per s, min, h or d, such as 60/min";
        Matcher rate = RATE.matcher(value.text());
        if (!rate.matches()) {
            throw value.refused("rate '" + value.text() + "'", expected);
        }
        Duration unit = UNITS.get(rate.group(2));
        if (unit == null) {
            throw value.refused("unit '" + rate.group(2) + "'", expected);
        }
        long requests = Long.parseLong(rate.group(1));
        if (requests > MOST) {
            throw value.refused("rate '" + value.text() + "'", "at most " + MOST + " requests");
        }
        return new Rate(requests, unit);
    }
}
