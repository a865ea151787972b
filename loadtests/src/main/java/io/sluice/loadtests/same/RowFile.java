package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A file of rows. Its {@code config} and {@code source} hold for each row that does not say otherwise.
 *
 * <pre>{@code
 * source: RC PrefixRewrite
 * config: {routes: [{match: {prefix: "/api"}, route: {cluster: backend, prefix_rewrite: "/"}}]}
 * rows:
 *   - name: replaces what matched
 *     request: GET /api/x
 *     expect: {status: 200, upstream: {path: //x}}
 * }</pre>
 */
record RowFile(String name, List<Row> rows) {
    private static final Set<String> FILE_KEYS = Set.of("source", "config", "rows");
    private static final Set<String> ROW_KEYS = Set.of(
            "name",
            "source",
            "config",
            "upstream",
            "upstreams",
            "request",
            "requests",
            "together",
            "expect",
            "deviates",
            "gateway",
            "refused",
            "unsupported");

    /** @throws RowException with file, row and key, when something in it is not understood */
    static RowFile read(Path file) {
        try {
            return parse(file.getFileName().toString(), Files.readString(file, UTF_8));
        } catch (NoSuchFileException e) {
            throw new RowException(file.toString(), "no such file");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static RowFile parse(String name, String text) {
        Item file = new Item(name, Yaml.read(name, text)).only(FILE_KEYS);
        ObjectNode config = file.get("config").map(RowFile::config).orElseGet(Yaml::object);
        String source = file.get("source").map(Item::text).orElse("");
        List<Row> rows = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<Integer> lines = Yaml.lines("rows", text);
        List<Item> items = file.need("rows").items();
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            String place = i < lines.size() ? name + ":" + lines.get(i) : name;
            String row = new Item(place, item.node()).need("name").text();
            if (!names.add(row)) {
                throw new RowException(place, "the name '" + row + "' is taken by an earlier row");
            }
            rows.add(row(new Item(place + " > '" + row + "'", item.node()), config, source));
        }
        return new RowFile(name, List.copyOf(rows));
    }

    private static Row row(Item item, ObjectNode base, String source) {
        item.only(ROW_KEYS);
        String itsSource = item.get("source").map(Item::text).orElse(source);
        if (itsSource.isEmpty()) {
            throw new RowException(item.where() + " > source", "missing (expected: where Envoy says so)");
        }
        Expectation expect = item.get("expect").map(Expectation::parse).orElse(Expectation.NOTHING);
        List<Ask> asks = item.get("requests")
                .or(() -> item.get("request"))
                .map(requests -> requests.items().stream().map(Ask::parse).toList())
                .orElse(List.of());
        if (List.of(
                                !asks.isEmpty(),
                                item.get("refused").isPresent(),
                                item.get("unsupported").isPresent())
                        .stream()
                        .filter(said -> said)
                        .count()
                != 1) {
            throw new RowException(item.where(), "a row has one of: request(s), refused, unsupported");
        }
        if (item.get("gateway").isPresent() && item.get("deviates").isEmpty()) {
            throw new RowException(item.where() + " > gateway", "a row that differs says why in 'deviates'");
        }
        return new Row(
                item.need("name").text(),
                itsSource,
                item.get("config").map(own -> Yaml.merged(base, config(own))).orElse(base),
                upstreams(item),
                asks,
                item.get("together").map(Item::truth).orElse(false),
                expect,
                item.get("deviates").map(Item::text),
                item.get("gateway")
                        .map(gateway -> Expectation.parse(new Item(
                                gateway.where(),
                                Yaml.merged(
                                        item.get("expect").map(Item::object).orElseGet(Yaml::object),
                                        gateway.object())))),
                item.get("refused").map(Item::text),
                item.get("unsupported").map(Item::text));
    }

    private static ObjectNode config(Item item) {
        return item.only(BootstrapTemplate.KEYS).object();
    }

    private static Map<String, List<Answer>> upstreams(Item row) {
        Map<String, List<Answer>> upstreams = new LinkedHashMap<>();
        row.get("upstream").ifPresent(script -> upstreams.put("backend", Script.parse("backend", script)));
        row.get("upstreams")
                .map(Item::entries)
                .orElse(Map.of())
                .forEach((name, script) -> upstreams.put(name, Script.parse(name, script)));
        return upstreams;
    }
}
