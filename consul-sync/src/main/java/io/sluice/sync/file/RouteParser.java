package io.sluice.sync.file;

import io.sluice.sync.file.ActionParser.Rewrite;
import io.sluice.sync.file.HeaderParser.Changes;
import io.sluice.sync.model.Problem;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.RouteRule.Action;
import io.sluice.sync.model.RouteRule.HeaderChanges;
import io.sluice.sync.model.RouteRule.Limit;
import io.sluice.sync.model.RouteRule.Match;
import io.sluice.sync.model.RouteRule.Path;
import io.sluice.sync.model.RouteRule.Retry;
import io.sluice.sync.model.RouteRule.Target;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The routes of one document. A refused route whose match can be read keeps its place and answers 503, so that no broader route after it
 * takes its requests.
 */
final class RouteParser {
    private static final Action.Direct REFUSED = new Action.Direct(503, "");

    private static final String[] NOT_YET = {
        "mirror", "allow", "deny", "plan", "cache", "transcode", "transform", "graphql", "validate", "cors"
    };

    /** How often a name was given to routes that have none of their own. */
    private final Map<String, Integer> named = new HashMap<>();

    /** @param problems where everything wrong is added */
    Optional<Written<RouteRule>> parse(YamlValue value, List<Problem> problems) {
        YamlMapping route;
        try {
            route = value.mapping();
        } catch (RefusedException e) {
            problems.addAll(e.problems());
            return Optional.empty();
        }
        Optional<Match> match = route.need("match", MatchParser::parse);
        Optional<List<String>> hosts = route.read("hosts", given -> given.oneOrMore(RouteParser::host));
        Optional<List<String>> listeners = route.read("listeners", given -> given.oneOrMore(YamlValue::text));
        Optional<List<Target>> targets = route.read("to", ActionParser::targets);
        Optional<Action.Redirect> redirect = route.read("redirect", ActionParser::redirect);
        Optional<Action.Direct> respond = route.read("respond", ActionParser::respond);
        Optional<Rewrite> rewrite = route.read("rewrite", ActionParser::rewrite);
        Optional<Duration> timeout = route.read("timeout", YamlValue::duration);
        Optional<Retry> retry = route.read("retry", ActionParser::retry);
        Optional<List<LimitParser.Rule>> limits = route.read("limit", given -> given.oneOrMore(LimitParser::parse));
        Optional<Changes> headers = route.read("headers", HeaderParser::parse);
        Optional<RouteRule.Auth> auth = route.read("auth", ProviderParser::auth);
        Optional<String> name = route.read("name", RouteParser::name);
        route.notYet(NOT_YET);
        check(route, match, rewrite, redirect);
        if (!route.has("auth")
                && limits.orElse(List.of()).stream().anyMatch(limit -> limit.per() instanceof Limit.Key.Claim)) {
            route.problem("limits by a claim and asks for no token", "auth: {jwt: PROVIDER} beside it");
        }

        boolean placeKnown = match.isPresent()
                && hosts.isPresent() == route.has("hosts")
                && listeners.isPresent() == route.has("listeners");
        List<Problem> found = route.problems();
        problems.addAll(found);
        if (!placeKnown) {
            return Optional.empty();
        }
        String called =
                name.orElseGet(() -> nameOf(value.place(), match.orElseThrow().path()));
        RouteRule rule = new RouteRule(
                called,
                value.place().origin(),
                listeners.orElse(List.of()),
                hosts.orElse(List.of("*")),
                match.orElseThrow(),
                found.isEmpty() ? action(targets, redirect, respond, rewrite.orElse(Rewrite.NONE)) : REFUSED,
                timeout,
                retry,
                LimitParser.named(limits.orElse(List.of()), called),
                headers.orElse(Changes.NONE).request(),
                headers.orElse(Changes.NONE).response(),
                auth);
        return Optional.of(new Written<>(found.isEmpty() ? rule : refused(rule, called), value.place()));
    }

    /** What stands in a rule's place when the rule is wrong. */
    static RouteRule refused(RouteRule rule, String name) {
        return new RouteRule(
                name,
                rule.origin(),
                rule.listeners(),
                rule.hosts(),
                rule.match(),
                REFUSED,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                HeaderChanges.NONE,
                HeaderChanges.NONE);
    }

    static String name(YamlValue value) {
        String name = value.text();
        if (!name.matches("[!-~]{1,200}")) {
            throw value.refused("name '" + name + "'", "at most 200 ASCII characters without spaces");
        }
        return name;
    }

    private static void check(
            YamlMapping route, Optional<Match> match, Optional<Rewrite> rewrite, Optional<Action.Redirect> redirect) {
        int actions = (route.has("to") ? 1 : 0) + (route.has("redirect") ? 1 : 0) + (route.has("respond") ? 1 : 0);
        if (actions != 1) {
            route.problem(
                    actions == 0 ? "leads nowhere" : "leads to more than one end", "one of to, redirect, respond");
        } else if (!route.has("to")) {
            route.without("means nothing without 'to'", "only beside 'to'", "rewrite", "timeout", "retry", "limit");
        }
        boolean regexPath =
                match.map(found -> found.path() instanceof Path.Regex).orElse(false);
        if (regexPath && rewrite.flatMap(Rewrite::prefix).isPresent()) {
            route.problem("rewrites the prefix of a regex path", "rewrite: {regex, substitution}");
        }
        if (regexPath && redirect.flatMap(Action.Redirect::prefix).isPresent()) {
            route.problem("redirects the prefix of a regex path", "redirect: {path}");
        }
    }

    private static Action action(
            Optional<List<Target>> targets,
            Optional<Action.Redirect> redirect,
            Optional<Action.Direct> respond,
            Rewrite rewrite) {
        if (targets.isPresent()) {
            return new Action.Forward(targets.orElseThrow(), rewrite.prefix(), rewrite.regex(), rewrite.host());
        }
        return redirect.<Action>map(found -> found).orElseGet(respond::orElseThrow);
    }

    /** Stays the same when another route is put before it; limits count under it. */
    private String nameOf(Place place, Path path) {
        String name = place.document() + MatchParser.text(path);
        int count = named.merge(name, 1, Integer::sum);
        return count == 1 ? name : name + "#" + count;
    }

    private static String host(YamlValue value) {
        String host = value.text().toLowerCase(Locale.ROOT);
        if (!host.matches("\\*|\\*[.-][a-z0-9._:-]+|[a-z0-9._-]+[.-]\\*|[a-z0-9._:\\[\\]-]+")) {
            throw value.refused("host '" + host + "'", "shop.example.com, *.example.com, www.* or *");
        }
        return host;
    }
}
