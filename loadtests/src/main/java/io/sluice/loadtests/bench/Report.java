package io.sluice.loadtests.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The table: a row for each figure, a column for each proxy, medians, and how the gateway stands to Envoy. */
final class Report {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> about = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final boolean judging;

    /** @param judging whether figures are held against their targets */
    Report(boolean judging) {
        this.judging = judging;
    }

    /** What the gateway's figure is held against; never asserted, only said. */
    sealed interface Target {
        /** At most so many times Envoy's. */
        record TimesEnvoy(double factor) implements Target {}

        record AtMost(double value) implements Target {}
    }

    record Row(String what, String unit, Map<Proxy, Samples> samples, Optional<Target> target) {
        Row {
            samples = Map.copyOf(samples);
        }

        Optional<Double> ratio() {
            Samples gateway = samples.get(Proxy.GATEWAY);
            Samples envoy = samples.get(Proxy.ENVOY);
            return gateway == null || envoy == null || envoy.median() == 0
                    ? Optional.empty()
                    : Optional.of(gateway.median() / envoy.median());
        }

        /** Empty where there is no target or nothing to hold against it. */
        Optional<Boolean> met() {
            Samples gateway = samples.get(Proxy.GATEWAY);
            return target.flatMap(wanted -> switch (wanted) {
                case Target.TimesEnvoy times -> ratio().map(ratio -> ratio <= times.factor());
                case Target.AtMost most ->
                    Optional.ofNullable(gateway).map(samples -> samples.median() <= most.value());
            });
        }

        private String targetText() {
            String verdict = met().map(met -> met ? "met" : "MISSED").orElse("not measured");
            return target.map(wanted -> switch (wanted) {
                        case Target.TimesEnvoy times ->
                            String.format(Locale.ROOT, "≤ %.1f × envoy: %s", times.factor(), verdict);
                        case Target.AtMost most ->
                            String.format(Locale.ROOT, "≤ %.0f %s: %s", most.value(), unit, verdict);
                    })
                    .orElse("");
        }
    }

    /** A line above the table. */
    void about(String line) {
        about.add(line);
    }

    void add(Row row) {
        rows.add(judging ? row : new Row(row.what(), row.unit(), row.samples(), Optional.empty()));
    }

    List<Row> rows() {
        return List.copyOf(rows);
    }

    String text() {
        List<List<String>> table = new ArrayList<>();
        List<String> head = new ArrayList<>(List.of("median (lowest–highest)", ""));
        for (Proxy proxy : Proxy.values()) {
            head.add(proxy.label());
        }
        head.addAll(List.of("gateway/envoy", "target"));
        table.add(head);
        for (Row row : rows) {
            List<String> cells = new ArrayList<>(List.of(row.what(), row.unit()));
            for (Proxy proxy : Proxy.values()) {
                Samples samples = row.samples().get(proxy);
                cells.add(samples == null ? "–" : cell(samples));
            }
            cells.add(row.ratio()
                    .map(ratio -> String.format(Locale.ROOT, "%.2f", ratio))
                    .orElse("–"));
            cells.add(row.targetText());
            table.add(cells);
        }
        StringBuilder out = new StringBuilder();
        about.forEach(line -> out.append(line).append('\n'));
        out.append('\n');
        int[] widths = new int[head.size()];
        table.forEach(cells -> {
            for (int i = 0; i < cells.size(); i++) {
                widths[i] = Math.max(widths[i], cells.get(i).length());
            }
        });
        for (List<String> cells : table) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < cells.size(); i++) {
                line.append(cells.get(i)).repeat(' ', widths[i] - cells.get(i).length() + 2);
            }
            out.append(line.toString().stripTrailing()).append('\n');
        }
        return out.toString();
    }

    String json() {
        ObjectNode root = JSON.createObjectNode();
        about.forEach(root.putArray("about")::add);
        var all = root.putArray("rows");
        for (Row row : rows) {
            ObjectNode node = all.addObject().put("what", row.what()).put("unit", row.unit());
            Map<Proxy, Samples> ordered = new EnumMap<>(Proxy.class);
            ordered.putAll(row.samples());
            ordered.forEach((proxy, samples) -> {
                ObjectNode values = node.putObject(proxy.label());
                values.put("median", samples.median()).put("min", samples.min()).put("max", samples.max());
                samples.sorted().forEach(values.putArray("samples")::add);
            });
            row.ratio().ifPresent(ratio -> node.put("gateway/envoy", ratio));
            row.met().ifPresent(met -> node.put("met", met));
        }
        return root.toPrettyString();
    }

    private static String cell(Samples samples) {
        return samples.sorted().size() == 1
                ? number(samples.median())
                : number(samples.median())
                        + samples.sorted().stream()
                                .map(Report::number)
                                .collect(Collectors.collectingAndThen(
                                        Collectors.toList(), all -> " (" + all.getFirst() + "–" + all.getLast() + ")"));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }
}
