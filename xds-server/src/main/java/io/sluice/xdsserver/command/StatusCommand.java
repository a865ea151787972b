package io.sluice.xdsserver.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.xdsserver.settings.SettingsException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which node runs what. */
final class StatusCommand {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);
    private static final Pattern TIME = Pattern.compile("(\\d{1,6})(ms|s|m)");

    private static final String HELP = """
        usage: status [--admin HOST:PORT] [--wait [VERSION]] [--nodes N] [--timeout 30s] [--json]
        One line for each node: live where it took everything that it is to have, waiting, or refused with its reason and where that is written.
        --wait ends when every node is live on what the server serves, and at least --nodes of them are connected (1 where not given).
        --wait VERSION the same, once a node group serves that version: `check --json` tells each group's.
        exit code: 0 all live, 1 not (within --timeout), 2 no server answers
        """;

    private StatusCommand() {}

    private enum State {
        LIVE,
        WAITING,
        REFUSED
    }

    /** @param why who waits for what, or what was refused */
    private record Row(String node, String group, String peer, String version, State state, List<String> why) {}

    static int run(List<String> given, PrintStream out) {
        Words words = Words.of(
                given, List.of("--json", "--help", "--wait"), List.of("--admin", "--wait", "--nodes", "--timeout"));
        if (words.has("--help")) {
            out.print(HELP);
            return Commands.YES;
        }
        boolean named = words.has("--wait") && words.alone().size() == 1;
        if (!(words.alone().isEmpty() || named) || !words.settings().isEmpty()) {
            throw new SettingsException("status: unknown words " + words.alone() + words.settings()
                    + " (expected: --admin, --wait, --nodes, --timeout or --json)");
        }
        AdminPages admin = new AdminPages(words.option("--admin").orElse("127.0.0.1:18001"));
        String version = named ? words.alone().get(0) : words.option("--wait").orElse("");
        int nodes = number(words.option("--nodes").orElse("1"));
        long deadline = System.nanoTime()
                + time(words.option("--timeout").orElse("30s")).toNanos();
        while (true) {
            Look look = look(admin, version);
            boolean done = look.live() && look.rows.size() >= nodes;
            if (!words.has("--wait") || done || System.nanoTime() - deadline >= 0) {
                show(look, words.has("--json"), out);
                boolean enough = !words.has("--wait") || look.rows.size() >= nodes;
                if (!enough && !words.has("--json")) {
                    out.printf("%d of %d nodes are connected%n", look.rows.size(), nodes);
                }
                return look.live() && enough ? Commands.YES : Commands.NO;
            }
            pause();
        }
    }

    /** @param missing a version that is waited for and that no group serves */
    private record Look(List<Row> rows, String missing) {
        boolean live() {
            return missing.isEmpty() && rows.stream().allMatch(row -> row.state == State.LIVE);
        }
    }

    private static Look look(AdminPages admin, String version) {
        JsonNode clients = admin.get("/clients");
        Map<String, String> served = new HashMap<>();
        for (JsonNode group : admin.get("/snapshots").path("groups")) {
            served.put(group.path("group").asText(), group.path("version").asText());
        }
        List<Row> rows = new ArrayList<>();
        for (JsonNode client : clients.path("clients")) {
            rows.add(row(client, served.getOrDefault(client.path("group").asText(), "")));
        }
        return new Look(rows, version.isEmpty() || served.containsValue(version) ? "" : version);
    }

    private static Row row(JsonNode client, String served) {
        List<String> why = new ArrayList<>();
        boolean refused = false;
        for (JsonNode type : client.path("types")) {
            JsonNode nack = type.path("nacked");
            if (!nack.isMissingNode()) {
                refused = true;
                List<String> items = new ArrayList<>();
                nack.path("items").forEach(item -> items.add(item.asText()));
                why.add(type.path("type").asText() + " " + nack.path("version").asText() + " since "
                        + nack.path("since").asText() + ": "
                        + nack.path("reason").asText()
                        + (items.isEmpty() ? "" : " (written at " + String.join(", ", items) + ")"));
            } else if (!type.path("live").asBoolean()) {
                why.add(type.path("type").asText() + ": sent "
                        + type.path("sent").path("version").asText("nothing") + ", acknowledged "
                        + type.path("acked").path("version").asText("nothing"));
            }
        }
        String version = client.path("version").asText();
        if (!version.equals(served)) {
            why.add("is told of " + (version.isEmpty() ? "nothing yet" : version) + ", the server has "
                    + (served.isEmpty() ? "nothing" : served));
        }
        boolean live = client.path("live").asBoolean() && version.equals(served);
        return new Row(
                client.path("node").asText(),
                client.path("group").asText(),
                client.path("peer").asText(),
                version,
                refused ? State.REFUSED : live ? State.LIVE : State.WAITING,
                why);
    }

    private static void show(Look look, boolean json, PrintStream out) {
        if (json) {
            ObjectNode root = JSON.createObjectNode().put("live", look.live());
            ArrayNode nodes = root.putArray("nodes");
            for (Row row : look.rows) {
                ArrayNode why = nodes.addObject()
                        .put("node", row.node)
                        .put("group", row.group)
                        .put("peer", row.peer)
                        .put("version", row.version)
                        .put("state", word(row.state))
                        .putArray("why");
                row.why.forEach(why::add);
            }
            out.println(root.toPrettyString());
            return;
        }
        for (Row row : look.rows) {
            out.printf("%-8s %-24s %-16s %s %s%n", word(row.state), row.node, row.group, row.version, row.peer);
            row.why.forEach(reason -> out.println("         " + reason));
        }
        if (look.rows.isEmpty()) {
            out.println("no node is connected");
        }
        if (!look.missing.isEmpty()) {
            out.println("no node group serves " + look.missing);
        }
    }

    private static String word(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static int number(String text) {
        if (!text.matches("\\d{1,6}")) {
            throw new SettingsException("--nodes: '" + text + "' (expected: a number)");
        }
        return Integer.parseInt(text);
    }

    private static Duration time(String text) {
        Matcher matcher = TIME.matcher(text);
        if (!matcher.matches()) {
            throw new SettingsException("--timeout: '" + text + "' (expected: 30s, 500ms or 2m)");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
        };
    }

    private static void pause() {
        try {
            Thread.sleep(BETWEEN_LOOKS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SettingsException("status: interrupted");
        }
    }
}
