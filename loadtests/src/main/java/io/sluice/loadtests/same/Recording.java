package io.sluice.loadtests.same;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Writes what Envoy did into a file's rows that say nothing about what they expect; the rest of the text stays as it is. */
final class Recording {
    private static final String ROW = "  - name: ";
    private static final int LONGEST_BODY = 200;

    private Recording() {}

    static String into(String text, List<Result> results) {
        Map<String, Result> byName =
                results.stream().collect(Collectors.toMap(result -> result.row().name(), Function.identity()));
        List<String> out = new ArrayList<>();
        List<String> block = new ArrayList<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith(ROW)) {
                flush(block, byName, out);
            }
            block.add(line);
        }
        flush(block, byName, out);
        return String.join("\n", out) + "\n";
    }

    private static void flush(List<String> block, Map<String, Result> byName, List<String> out) {
        int end = block.size();
        while (end > 0 && (block.get(end - 1).isBlank() || block.get(end - 1).startsWith("  #"))) {
            end--;
        }
        out.addAll(block.subList(0, end));
        String first = block.isEmpty() ? "" : block.getFirst();
        Result result = first.startsWith(ROW) ? byName.get(name(first)) : null;
        if (result != null
                && result.row().expect().equals(Expectation.NOTHING)
                && !result.row().onlyValidated()) {
            Observation envoy = Objects.requireNonNull(result.observations().get(Target.ENVOY), "not run on Envoy");
            out.add("    expect: " + said(envoy));
        }
        out.addAll(block.subList(end, block.size()));
        block.clear();
    }

    private static String name(String line) {
        return Yaml.read("row", line.substring(ROW.length())).asText();
    }

    private static String said(Observation observation) {
        ObjectNode expect = Yaml.object();
        if (!observation.replies().isEmpty()) {
            Response response = observation.replies().getLast().response();
            expect.put("status", response.status());
            if (response.body().size() <= LONGEST_BODY) {
                expect.put("body", response.text());
            }
        }
        String[] logged = observation.log().isEmpty()
                ? new String[0]
                : observation.log().getLast().split(" ");
        if (logged.length > 1) {
            expect.put("flags", logged[1]);
        }
        expect.put("attempts", observation.attempts());
        return expect.toString();
    }
}
