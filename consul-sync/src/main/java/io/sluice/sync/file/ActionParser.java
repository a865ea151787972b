package io.sluice.sync.file;

import com.google.re2j.Pattern;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.RegexRewrite;
import io.sluice.sync.model.RouteRule.Retry;
import io.sluice.sync.model.RouteRule.Target;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;

/** Where a route leads: {@code to}, {@code redirect}, {@code respond}, and what goes with them. */
final class ActionParser {
    /** Envoy's max_direct_response_body_size_bytes, as long as nobody sets it. */
    private static final int MAX_BODY_BYTES = 4096;

    private static final int MAX_WEIGHT = 1_000_000;

    /** Envoy's words of x-envoy-retry-on and x-envoy-retry-grpc-on. */
    private static final Set<String> RETRY_ON = Set.of(
            "5xx",
            "gateway-error",
            "reset",
            "reset-before-request",
            "connect-failure",
            "envoy-ratelimited",
            "retriable-4xx",
            "refused-stream",
            "cancelled",
            "deadline-exceeded",
            "internal",
            "resource-exhausted",
            "unavailable");

    /** A retry that says nothing else: the request did not reach the service. */
    private static final List<String> NOT_SENT = List.of("connect-failure", "refused-stream");

    private static final java.util.regex.Pattern GROUP = java.util.regex.Pattern.compile("\\\\(.?)");

    private ActionParser() {}

    record Rewrite(Optional<String> prefix, Optional<RegexRewrite> regex, Optional<String> host) {
        static final Rewrite NONE = new Rewrite(Optional.empty(), Optional.empty(), Optional.empty());
    }

    static List<Target> targets(YamlValue value) {
        List<Target> targets;
        if (value.isText()) {
            targets = List.of(new Target(service(value), 1));
        } else if (value.isList()) {
            targets = value.list(ActionParser::target);
        } else {
            targets = value.each(entry -> new Target(entry.name(), entry.value().integer(0, MAX_WEIGHT)));
        }
        Set<String> names = new HashSet<>();
        for (Target target : targets) {
            if (!names.add(target.service())) {
                throw value.refused("service '" + target.service() + "' stands here twice", "each service once");
            }
        }
        if (targets.stream().mapToLong(Target::weight).sum() == 0) {
            throw value.refused("no service with a weight", "at least one service, with a weight above 0");
        }
        return targets;
    }

    private static Target target(YamlValue value) {
        if (value.isText()) {
            return new Target(service(value), 1);
        }
        YamlMapping target = value.mapping();
        Optional<String> service = target.need("service", ActionParser::service);
        Optional<Integer> weight = target.read("weight", given -> given.integer(0, MAX_WEIGHT));
        target.finish();
        return new Target(service.orElseThrow(), weight.orElse(1));
    }

    private static String service(YamlValue value) {
        String name = value.text();
        if (name.isEmpty()) {
            throw value.refused("''", "a service's name");
        }
        return name;
    }

    static Action.Redirect redirect(YamlValue value) {
        YamlMapping redirect = value.mapping();
        Optional<String> scheme =
                redirect.read("scheme", given -> given.word(Map.of("http", "http", "https", "https")));
        Optional<String> host = redirect.read("host", ActionParser::host);
        Optional<Integer> port = redirect.read("port", given -> given.integer(1, 65535));
        Optional<String> path = redirect.read("path", ActionParser::newPath);
        Optional<String> prefix = redirect.read("prefix", ActionParser::newPath);
        Optional<Boolean> stripQuery = redirect.read("strip_query", YamlValue::flag);
        Optional<Integer> status = redirect.read(
                "status", given -> given.word(Map.of("301", 301, "302", 302, "303", 303, "307", 307, "308", 308)));
        if (path.isPresent()) {
            redirect.without("'prefix' beside 'path'", "one of them", "prefix");
        }
        if (!redirect.has("scheme")
                && !redirect.has("host")
                && !redirect.has("port")
                && !redirect.has("path")
                && !redirect.has("prefix")) {
            redirect.problem("leads to where it came from", "scheme, host, port, path or prefix");
        }
        redirect.finish();
        return new Action.Redirect(scheme, host, port, path, prefix, stripQuery.orElse(false), status.orElse(301));
    }

    static Action.Direct respond(YamlValue value) {
        YamlMapping respond = value.mapping();
        Optional<Integer> status = respond.need("status", given -> given.integer(200, 599));
        Optional<String> body = respond.read("body", ActionParser::body);
        respond.finish();
        return new Action.Direct(status.orElseThrow(), body.orElse(""));
    }

    private static String body(YamlValue value) {
        String body = value.text();
        int bytes = body.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BODY_BYTES) {
            throw value.refused(bytes + " bytes", "at most " + MAX_BODY_BYTES + " bytes");
        }
        return body;
    }

    static Rewrite rewrite(YamlValue value) {
        YamlMapping rewrite = value.mapping();
        Optional<String> prefix = rewrite.read("prefix", ActionParser::newPath);
        Optional<Pattern> regex = rewrite.read("regex", given -> MatchParser.regex(given, given.text()));
        Optional<String> substitution = rewrite.read(
                "substitution",
                given -> substitution(given, regex.map(Pattern::groupCount).orElse(9)));
        Optional<String> host = rewrite.read("host", ActionParser::host);
        if (rewrite.has("regex") != rewrite.has("substitution")) {
            rewrite.problem("'regex' and 'substitution' go together", "both, or neither");
        }
        if (rewrite.has("regex")) {
            rewrite.without("'prefix' beside 'regex'", "one of them", "prefix");
        }
        if (!rewrite.has("prefix") && !rewrite.has("regex") && !rewrite.has("host")) {
            rewrite.problem("rewrites nothing", "prefix, regex with substitution, or host");
        }
        rewrite.finish();
        return new Rewrite(
                prefix, regex.map(pattern -> new RegexRewrite(pattern.pattern(), substitution.orElseThrow())), host);
    }

    /** RE2's: {@code \1} is the first group, {@code \\} a backslash. */
    private static String substitution(YamlValue value, int groups) {
        String text = value.text();
        Matcher group = GROUP.matcher(text);
        while (group.find()) {
            String what = group.group(1);
            boolean known = what.equals("\\") || (what.matches("[0-9]") && Integer.parseInt(what) <= groups);
            if (!known) {
                throw value.refused("'" + group.group() + "' in '" + text + "'", "\\0 to \\" + groups + ", or \\\\");
            }
        }
        return text;
    }

    static Retry retry(YamlValue value) {
        YamlMapping retry = value.mapping();
        Optional<Integer> times = retry.read("times", given -> given.integer(1, 100));
        Optional<List<Condition>> on = retry.read("on", given -> given.oneOrMore(ActionParser::condition));
        Optional<Duration> perTry = retry.read("per_try_timeout", YamlValue::positiveDuration);
        retry.finish();
        List<String> words = new ArrayList<>();
        List<Integer> codes = new ArrayList<>();
        for (Condition condition : on.orElse(List.of())) {
            condition.word().ifPresent(words::add);
            condition.code().ifPresent(codes::add);
        }
        if (on.isEmpty()) {
            words.addAll(NOT_SENT);
        }
        return new Retry(words, codes, times.orElse(1), perTry);
    }

    private record Condition(Optional<String> word, Optional<Integer> code) {}

    private static Condition condition(YamlValue value) {
        String text = value.text();
        if (text.matches("\\d+")) {
            return new Condition(Optional.empty(), Optional.of(value.integer(100, 599)));
        }
        if (!RETRY_ON.contains(text)) {
            throw value.refused(
                    "unknown word '" + text + "'", Nearest.of(text, RETRY_ON) + ", or a status code such as 503");
        }
        return new Condition(Optional.of(text), Optional.empty());
    }

    private static String newPath(YamlValue value) {
        String path = value.text();
        if (!path.startsWith("/") || path.chars().anyMatch(c -> c <= ' ')) {
            throw value.refused("'" + path + "'", "a path that begins with /");
        }
        return path;
    }

    private static String host(YamlValue value) {
        String host = value.text();
        if (!host.matches("[A-Za-z0-9._:\\[\\]-]+")) {
            throw value.refused("host '" + host + "'", "a host, such as shop.example.com");
        }
        return host;
    }
}
