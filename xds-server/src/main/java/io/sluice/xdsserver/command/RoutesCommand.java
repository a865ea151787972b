package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Whether requests go where a table says. */
final class RoutesCommand {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String HELP = """
        usage: routes test FILE [SOURCE] [--json]
        FILE is a list of requests and where they should go, for your CI:
          - request: GET http://shop.example/orders/1
            headers: {x-beta: "1"}        # also from: an address, listener: a name
            expect: {route: orders, cluster: orders}
        Of what is expected, route is the route's name, item where it is written (routes.yaml:4), cluster the one to which it leads (several: a, b),
        host the virtual host's domain, and answer the status which the gateway answers itself, or none.
        """ + Asked.HELP + """
        exit code: 0 all go there, 1 some do not, 2 it could not be told
        """;

    private RoutesCommand() {}

    /** @param differences empty where all is as expected */
    private record Result(RouteTests.Row row, List<String> differences) {}

    static int run(List<String> given, Map<String, String> environment, PrintStream out) {
        Words words = Words.of(given, List.of("--json", "--help"), Asked.OPTIONS);
        if (words.has("--help")) {
            out.print(HELP);
            return Commands.YES;
        }
        List<String> alone = words.alone();
        if (alone.size() < 2 || alone.size() > 3 || !alone.get(0).equals("test")) {
            throw new SettingsException("routes: " + alone + " (expected: test FILE [FILE|DIR|consul])");
        }
        Path file = Path.of(alone.get(1));
        List<RouteTests.Row> rows = RouteTests.read(file);
        Asked asked = Asked.of(alone.size() == 3 ? Optional.of(alone.get(2)) : Optional.empty(), words, environment);
        List<JsonNode> answers =
                asked.answers(rows.stream().map(RouteTests.Row::question).toList());
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            results.add(new Result(rows.get(i), differences(rows.get(i), answers.get(i))));
        }
        long wrong = results.stream().filter(one -> !one.differences.isEmpty()).count();
        if (words.has("--json")) {
            out.println(json(file, results));
        } else {
            asked.notes().forEach(out::println);
            for (Result result : results) {
                result.differences.forEach(
                        text -> out.printf("%s:%d: %s: %s%n", file, result.row.line(), result.row, text));
            }
            out.printf("%d requests, %s%n", rows.size(), wrong == 0 ? "all as expected" : wrong + " not as expected");
        }
        return wrong == 0 ? Commands.YES : Commands.NO;
    }

    /** On every listener that the request may reach. */
    private static List<String> differences(RouteTests.Row row, JsonNode answer) {
        List<String> differences = new ArrayList<>();
        if (answer.path("listeners").isEmpty()) {
            differences.add("there is no listener");
        }
        for (JsonNode listener : answer.path("listeners")) {
            row.expected().forEach((name, expected) -> {
                String actual = actual(name, listener);
                if (!actual.equals(expected)) {
                    differences.add(listener.path("listener").asText() + ": " + name + " '" + actual + "' (expected: '"
                            + expected + "')" + why(name, expected, listener));
                }
            });
        }
        return differences;
    }

    private static String actual(String name, JsonNode listener) {
        return switch (name) {
            case "route" -> listener.at("/route/name").asText("none");
            case "item" -> listener.at("/route/item").asText("none");
            case "host" -> listener.at("/virtual_host/domain").asText("none");
            case "answer" -> listener.at("/answer/status").asText("none");
            case "cluster" ->
                listener.path("clusters").isEmpty()
                        ? "none"
                        : StreamSupport.stream(listener.path("clusters").spliterator(), false)
                                .map(cluster -> cluster.path("name").asText())
                                .collect(Collectors.joining(", "));
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** Of a route that was expected and not taken. */
    private static String why(String name, String expected, JsonNode listener) {
        for (JsonNode route : listener.path("skipped")) {
            boolean meant = name.equals("route") || name.equals("item");
            if (meant
                    && route.path(name.equals("route") ? "name" : "item")
                            .asText()
                            .equals(expected)) {
                return ": " + route.path("unmet").asText();
            }
        }
        return "";
    }

    private static String json(Path file, List<Result> results) {
        ObjectNode root = JSON.createObjectNode().put("file", file.toString());
        ArrayNode rows = root.putArray("rows");
        for (Result result : results) {
            ArrayNode differences = rows.addObject()
                    .put("line", result.row.line())
                    .put("request", result.row.toString())
                    .put("as_expected", result.differences.isEmpty())
                    .putArray("differences");
            result.differences.forEach(differences::add);
        }
        return root.toPrettyString();
    }
}
