package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What would become of a request, and why. */
final class ExplainCommand {
    /** A table of thousands of routes would bury the answer. */
    private static final int MOST_ROUTES = 12;

    private static final String HELP = """
        usage: explain METHOD URL [SOURCE] [-H name:value]... [--from ADDRESS] [--listener NAME] [--all] [--json]
        Virtual host, route with the item in which it is written, filters and what they would go by, clusters and endpoints; and of each route that
        is not taken the first condition that the request does not meet. Nothing is sent, spent or fetched.
        """ + Asked.HELP + """
        Of many routes those are shown whose path matches; --all shows every one.
        exit code: 0 the request would be sent on, 1 the gateway would answer it itself, 2 it could not be told
        """;

    private ExplainCommand() {}

    static int run(List<String> given, Map<String, String> environment, PrintStream out) {
        List<String> rest = new ArrayList<>();
        List<String> headers = headers(given, rest);
        List<String> options = new ArrayList<>(Asked.OPTIONS);
        options.addAll(List.of("--from", "--listener"));
        Words words = Words.of(rest, List.of("--json", "--help", "--all"), options);
        if (words.has("--help")) {
            out.print(HELP);
            return Commands.YES;
        }
        List<String> alone = words.alone();
        if (alone.size() < 2 || alone.size() > 3) {
            throw new SettingsException("explain: " + alone + " (expected: METHOD URL [FILE|DIR|consul])");
        }
        Optional<String> source = alone.size() == 3 ? Optional.of(alone.get(2)) : Optional.empty();
        Asked asked = Asked.of(source, words, environment);
        JsonNode answer = asked.answers(List.of(Asked.question(
                        alone.get(0), alone.get(1), headers, words.option("--from"), words.option("--listener"))))
                .get(0);
        if (words.has("--json")) {
            asked.notes().forEach(((ObjectNode) answer).putArray("notes")::add);
            out.println(answer.toPrettyString());
        } else {
            asked.notes().forEach(out::println);
            answer.path("listeners").forEach(listener -> print(listener, words.has("--all"), out));
            if (answer.path("listeners").isEmpty()) {
                out.println("there is no listener");
            }
        }
        boolean sentOn = !answer.path("listeners").isEmpty();
        for (JsonNode listener : answer.path("listeners")) {
            sentOn &= !listener.has("answer");
        }
        return sentOn ? Commands.YES : Commands.NO;
    }

    /** {@code -H name:value}, as often as one likes. */
    private static List<String> headers(List<String> given, List<String> rest) {
        List<String> headers = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            if (!given.get(i).equals("-H")) {
                rest.add(given.get(i));
            } else if (i + 1 < given.size()) {
                headers.add(given.get(++i));
            } else {
                throw new SettingsException("-H: no value (expected: -H name:value)");
            }
        }
        return headers;
    }

    private static void print(JsonNode node, boolean all, PrintStream out) {
        out.printf("listener %s (%s)%s%n", text(node, "listener"), text(node, "address"), inChain(node));
        JsonNode request = node.path("request");
        out.printf(
                "  request       %s %s%s%n",
                text(request, "method"), text(request, "authority"), text(request, "path"));
        JsonNode host = node.path("virtual_host");
        if (!host.isMissingNode()) {
            out.printf("  virtual host  %s, by domain %s%n", text(host, "name"), text(host, "domain"));
        }
        if (node.has("domains")) {
            out.printf("  virtual host  none; there are %s%n", node.path("domains"));
        }
        JsonNode route = node.path("route");
        if (!route.isMissingNode()) {
            out.printf("  route         %s: %s%n", named(route), text(route, "match"));
        }
        routes("not", node.path("skipped"), all, out);
        routes("later", node.path("later"), all, out);
        for (JsonNode filter : node.path("filters")) {
            filter(filter, out);
        }
        for (JsonNode cluster : node.path("clusters")) {
            cluster(cluster, node.path("clusters").size() > 1, out);
        }
        JsonNode answer = node.path("answer");
        if (!answer.isMissingNode()) {
            int status = answer.path("status").asInt();
            out.printf("  answer        %s%s%n", status == 0 ? "" : status + " ", text(answer, "why"));
        }
    }

    private static String inChain(JsonNode node) {
        return node.has("filter_chain") ? ", filter chain " + text(node, "filter_chain") : "";
    }

    private static void routes(String word, JsonNode routes, boolean all, PrintStream out) {
        List<JsonNode> shown = new ArrayList<>();
        for (JsonNode route : routes) {
            if (all || routes.size() <= MOST_ROUTES || !text(route, "unmet").startsWith("path ")) {
                shown.add(route);
            }
        }
        int most = all ? shown.size() : Math.min(shown.size(), MOST_ROUTES);
        for (JsonNode route : shown.subList(0, most)) {
            String why = route.has("unmet") ? text(route, "unmet") : "matches too, but an earlier one is taken";
            out.printf("  %-13s %s: %s%n", word, named(route), why);
        }
        int rest = routes.size() - most;
        if (rest > 0) {
            out.printf("  %-13s %d more routes (--all shows them)%n", word, rest);
        }
    }

    private static String named(JsonNode route) {
        String name = route.path("name").asText().isEmpty() ? "#" + text(route, "index") : text(route, "name");
        return route.has("item") ? name + " (" + text(route, "item") + ")" : name;
    }

    private static void filter(JsonNode filter, PrintStream out) {
        boolean own = filter.path("own_config").asBoolean();
        String state = filter.path("on").asBoolean() ? own ? "on, as the route says" : "on" : "off";
        out.printf("  filter        %s: %s%n", text(filter, "name"), state);
        filter.path("inputs").forEach(input -> out.println("                  " + input.asText()));
    }

    private static void cluster(JsonNode cluster, boolean weights, PrintStream out) {
        String weight = weights ? ", weight " + text(cluster, "weight") : "";
        String known = cluster.path("known").asBoolean() ? "" : ": there is no such cluster";
        out.printf("  cluster       %s%s%s%n", text(cluster, "name"), weight, known);
        for (JsonNode endpoint : cluster.path("endpoints")) {
            String region = text(endpoint, "region").isEmpty() ? "" : ", region " + text(endpoint, "region");
            out.printf(
                    "                  %s %s, weight %s, priority %s%s%n",
                    text(endpoint, "address"),
                    text(endpoint, "health_flags"),
                    text(endpoint, "weight"),
                    text(endpoint, "priority"),
                    region);
        }
        if (cluster.path("known").asBoolean() && cluster.path("endpoints").isEmpty()) {
            out.println("                  no endpoint");
        }
    }

    private static String text(JsonNode node, String field) {
        return node.path(field).asText();
    }
}
