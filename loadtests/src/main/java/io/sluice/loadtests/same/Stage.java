package io.sluice.loadtests.same;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.loadtests.harness.Answer;
import io.sluice.loadtests.harness.Ports;
import io.sluice.loadtests.harness.ProgramProcess;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.RecordingUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One target with a listener and upstreams of its own for each row: a process starts once for many rows, which then run beside each other.
 */
final class Stage {
    /** Rows at once: enough to hide their waits, few enough that a machine of two cores keeps to their timeouts. */
    private static final int AT_ONCE = 6;

    private static final int VALIDATIONS_AT_ONCE = 3;

    private static final Pattern PLACE = Pattern.compile("(listeners|clusters)\\[\\d+]", Pattern.CASE_INSENSITIVE);
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(2);

    private final Target target;
    private final Path folder;

    /** @param folder empty; the bootstrap and the access logs stay in it */
    Stage(Target target, Path folder) {
        this.target = target;
        this.folder = folder;
    }

    /** Runs all rows. Those that the target refuses to be configured with are started without, and say so in their observation. */
    Map<Row, Observation> run(List<Row> rows) {
        Map<Row, Observation> observations = new ConcurrentHashMap<>();
        List<Part> parts = new ArrayList<>();
        for (Row row : rows) {
            if (!row.onlyValidated()) {
                parts.add(new Part(String.format("row%03d", parts.size()), row));
            }
        }
        validate(rows.stream().filter(Row::onlyValidated).toList(), observations);
        try {
            while (!parts.isEmpty()) {
                List<Part> refused = play(parts, observations);
                parts.removeAll(refused);
                if (refused.isEmpty()) {
                    return observations;
                }
            }
            return observations;
        } finally {
            parts.forEach(Part::close);
        }
    }

    /** @return the rows that stand in the way of a start */
    private List<Part> play(List<Part> parts, Map<Row, Observation> observations) {
        int adminPort = Ports.free();
        ObjectNode bootstrap = BootstrapTemplate.empty(adminPort);
        Map<String, Part> places = new LinkedHashMap<>();
        parts.forEach(part -> part.addTo(bootstrap).forEach(place -> places.put(place, part)));
        try (ProgramProcess process = target.start(write("bootstrap.yaml", bootstrap), adminPort)) {
            Semaphore permits = new Semaphore(AT_ONCE);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (Part part : parts) {
                    threads.execute(() -> {
                        permits.acquireUninterruptibly();
                        try {
                            observations.put(part.row, part.observe());
                        } finally {
                            permits.release();
                        }
                    });
                }
            }
            if (!process.isAlive()) {
                parts.forEach(part -> observations.put(part.row, Observation.failed("it died:\n" + process.output())));
            }
            return List.of();
        } catch (IllegalStateException e) {
            String message = String.valueOf(e.getMessage());
            Map<Part, List<String>> refusals = refusals(message, parts, places);
            if (refusals.isEmpty()) {
                parts.forEach(part -> refusals.put(part, List.of(message)));
            }
            refusals.forEach((part, lines) -> {
                observations.put(part.row, Observation.failed("refused: " + String.join("\n", lines)));
                part.close();
            });
            return List.copyOf(refusals.keySet());
        }
    }

    /** The lines that name a row's resource, by row: by the resource's name, or by its place in the bootstrap. */
    private static Map<Part, List<String>> refusals(String message, List<Part> parts, Map<String, Part> places) {
        Map<Part, List<String>> refusals = new LinkedHashMap<>();
        for (String line : message.lines().toList()) {
            Matcher place = PLACE.matcher(line);
            Part placed = place.find() ? places.get(place.group().toLowerCase(Locale.ROOT)) : null;
            for (Part part : parts) {
                if (part == placed || line.contains(part.key)) {
                    refusals.computeIfAbsent(part, any -> new ArrayList<>()).add(line);
                }
            }
        }
        return refusals;
    }

    /**
     * Asks the target about configurations without starting it. The gateway names every place that it refuses, so it is asked about all rows at
     * once, and again about those that it did not name. An Envoy stops at the first: rows that it should refuse are shown to it one by one.
     */
    private void validate(List<Row> rows, Map<Row, Observation> observations) {
        List<Part> parts = new ArrayList<>();
        rows.forEach(row -> parts.add(new Part(String.format("val%03d", parts.size()), row)));
        try {
            List<Part> alone = new ArrayList<>(parts);
            alone.removeAll(validateTogether(
                    parts.stream()
                            .filter(part -> target == Target.GATEWAY
                                    || part.row.refused().isEmpty())
                            .toList(),
                    observations));
            Semaphore permits = new Semaphore(VALIDATIONS_AT_ONCE);
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (Part part : alone) {
                    threads.execute(() -> {
                        permits.acquireUninterruptibly();
                        try {
                            String refusal = refusal(List.of(part), new LinkedHashMap<>());
                            observations.put(
                                    part.row, Observation.failed(refusal.isEmpty() ? "" : "refused: " + refusal));
                        } finally {
                            permits.release();
                        }
                    });
                }
            }
        } finally {
            parts.forEach(Part::close);
        }
    }

    /** @return those about which something was found out */
    private List<Part> validateTogether(List<Part> parts, Map<Row, Observation> observations) {
        List<Part> left = new ArrayList<>(parts);
        List<Part> known = new ArrayList<>();
        while (!left.isEmpty()) {
            Map<String, Part> places = new LinkedHashMap<>();
            String refusal = refusal(left, places);
            Map<Part, List<String>> named =
                    target == Target.GATEWAY ? refusals(refusal, left, places) : Map.<Part, List<String>>of();
            if (refusal.isEmpty()) {
                left.forEach(part -> observations.put(part.row, Observation.failed("")));
                known.addAll(left);
                return known;
            }
            if (named.isEmpty()) {
                return known;
            }
            named.forEach((part, lines) ->
                    observations.put(part.row, Observation.failed("refused: " + String.join("\n", lines))));
            known.addAll(named.keySet());
            left.removeAll(named.keySet());
        }
        return known;
    }

    /** What the target says against a bootstrap of these rows; empty when it accepts them. */
    private String refusal(List<Part> asked, Map<String, Part> places) {
        ObjectNode bootstrap = BootstrapTemplate.empty(Ports.free());
        asked.forEach(part -> part.addTo(bootstrap).forEach(place -> places.put(place, part)));
        String file = asked.size() == 1 ? asked.getFirst().key + ".yaml" : "validated.yaml";
        try (ProgramProcess process = target.validate(write(file, bootstrap))) {
            int code = process.awaitExit(Duration.ofMinutes(2));
            return code == 0 ? "" : "code " + code + ": " + process.output();
        }
    }

    private Path write(String name, ObjectNode bootstrap) {
        try {
            return Files.writeString(folder.resolve(name), Yaml.write(bootstrap), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A row on stage. */
    private final class Part implements AutoCloseable {
        private final String key;
        private final Row row;
        private final BootstrapTemplate template;
        private final Map<String, RecordingUpstream> upstreams = new LinkedHashMap<>();
        private final int port = Ports.free();
        private final Path log;
        private final Placeholders placeholders;

        private Part(String key, Row row) {
            this.key = key;
            this.row = row;
            this.template = BootstrapTemplate.of(key, row.config());
            this.log = folder.resolve(key + ".log");
            Map<String, String> values = new LinkedHashMap<>();
            values.put("port", Integer.toString(port));
            values.put("log", log.toString());
            values.put(BootstrapTemplate.REFUSED, Integer.toString(Ports.free()));
            template.upstreams().forEach((name, speech) -> {
                Function<RecordedRequest, Answer> answers =
                        RecordingUpstream.inTurn(row.upstreams().getOrDefault(name, List.of(Script.plain(name))));
                RecordingUpstream upstream = RecordingUpstream.of(speech.http2(), speech.tls(), answers);
                upstreams.put(name, upstream);
                values.put(name, Integer.toString(upstream.port()));
            });
            this.placeholders = new Placeholders(values, key);
        }

        /** @return the places of its resources, as a refusal may name them */
        private List<String> addTo(ObjectNode bootstrap) {
            ObjectNode resources = (ObjectNode) bootstrap.get("static_resources");
            ArrayNode listeners = (ArrayNode) resources.get("listeners");
            ArrayNode clusters = (ArrayNode) resources.get("clusters");
            List<String> places = new ArrayList<>();
            places.add("listeners[" + listeners.size() + "]");
            int first = clusters.size();
            template.addTo(listeners, clusters, placeholders.values());
            template.addSecretsTo((ArrayNode) resources.get("secrets"), placeholders.values());
            template.addTo(bootstrap);
            for (int i = first; i < clusters.size(); i++) {
                places.add("clusters[" + i + "]");
            }
            return places;
        }

        private Observation observe() {
            try (Conversation conversation = new Conversation(port, placeholders)) {
                List<Observation.Reply> replies = conversation.hold(row);
                List<String> lines = row.polls() ? List.of() : awaitLog(replies.size());
                Map<String, List<RecordedRequest>> seen = new LinkedHashMap<>();
                upstreams.forEach((name, upstream) -> seen.put(name, upstream.seen()));
                return new Observation(replies, lines, seen, conversation.spread(), placeholders, "");
            } catch (IOException | RuntimeException e) {
                return Observation.failed("the conversation broke off: " + e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Observation.failed("interrupted");
            }
        }

        /** A target may write its line after the response: we wait, yet some requests have none. */
        private List<String> awaitLog(int lines) throws IOException, InterruptedException {
            long deadline = System.nanoTime() + LOG_PATIENCE.toNanos();
            List<String> found = readLog();
            while (found.size() < lines && System.nanoTime() < deadline) {
                Thread.sleep(5);
                found = readLog();
            }
            return found;
        }

        private List<String> readLog() throws IOException {
            return Files.exists(log) ? Files.readAllLines(log, UTF_8) : List.of();
        }

        @Override
        public void close() {
            upstreams.values().forEach(RecordingUpstream::close);
        }
    }
}
