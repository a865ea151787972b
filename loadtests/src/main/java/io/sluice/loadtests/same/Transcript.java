package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.Bytes;
import io.sluice.loadtests.harness.Headers;
import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.Response;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** An observation as lines, without what differs between two runs of the same program: two targets are the same when their lines are. */
record Transcript(List<String> lines) {
    private static final Set<String> RANDOM = Set.of("date", "x-request-id", "x-envoy-upstream-service-time");
    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    /** The default format's bytes received and sent, duration and upstream service time, of which the last two vary. */
    private static final Pattern DURATIONS = Pattern.compile("( \\d+ \\d+) \\d+ (\\d+|-)( \")");

    /** Of an attempt after the first: what is left of the route's time. */
    private static final String TIME_LEFT = "x-envoy-expected-rq-timeout-ms";

    /** A cookie's value that is made of the connection's ports. */
    private static final Pattern PORTS_HASH = Pattern.compile("=\"[0-9a-f]{16}\"");

    private static final int LONGEST_BODY = 300;

    static Transcript of(Row row, Observation observation) {
        List<String> lines = new ArrayList<>();
        if (!observation.problem().isEmpty()) {
            lines.add(observation.problem().startsWith("refused") ? "refused" : observation.problem());
            return new Transcript(lines);
        }
        Placeholders placeholders = observation.placeholders();
        boolean statistical = !observation.spread().isEmpty();
        for (int i = 0; i < observation.replies().size(); i++) {
            Observation.Reply reply = observation.replies().get(i);
            if (statistical) {
                int number = i + 1;
                reply.echoes().forEach(echo -> lines.add("reply " + number + " from " + echo));
            } else {
                reply("reply " + (i + 1), reply, placeholders, lines);
            }
        }
        if (!row.polls()) {
            List<String> log = observation.log().stream()
                    .map(line -> "log " + placeholders.mask(masked(line)))
                    .toList();
            lines.addAll(log);
            boolean retried = observation.attempts() > observation.replies().size();
            for (Map.Entry<String, List<RecordedRequest>> upstream :
                    observation.seen().entrySet()) {
                for (RecordedRequest request : upstream.getValue()) {
                    seen("at " + upstream.getKey(), request, placeholders, lines, retried);
                }
            }
        }
        return new Transcript(List.copyOf(lines));
    }

    /** Lines that one side alone has. */
    static List<String> differences(Transcript gateway, Transcript envoy) {
        List<String> onlyGateway = new ArrayList<>(gateway.lines);
        List<String> onlyEnvoy = new ArrayList<>(envoy.lines);
        envoy.lines.forEach(onlyGateway::remove);
        gateway.lines.forEach(onlyEnvoy::remove);
        List<String> differences = new ArrayList<>();
        onlyEnvoy.forEach(line -> differences.add("only Envoy:   " + line));
        onlyGateway.forEach(line -> differences.add("only gateway: " + line));
        return differences;
    }

    static String masked(String logLine) {
        String line = UUID.matcher(TIME.matcher(logLine).replaceAll("<time>")).replaceAll("<id>");
        return DURATIONS.matcher(line).replaceFirst("$1 <ms> <ms>$3");
    }

    private static void reply(String where, Observation.Reply reply, Placeholders placeholders, List<String> lines) {
        Response response = reply.response();
        lines.add(where + " status " + response.status() + " " + response.end() + (reply.closed() ? " closed" : ""));
        if (!reply.handshake().isEmpty()) {
            lines.add(where + " handshake " + reply.handshake());
        }
        response.interim().forEach(code -> lines.add(where + " interim " + code));
        headers(where + " header ", withoutRace(response.headers()), placeholders, lines);
        lines.add(where + " body " + placeholders.mask(shortened(response.body())));
        headers(where + " trailer ", response.trailers(), placeholders, lines);
        reply.echoes().forEach(echo -> lines.add(where + " echo " + echo));
    }

    private static void seen(
            String where, RecordedRequest request, Placeholders placeholders, List<String> lines, boolean retried) {
        lines.add(where + " " + request.method() + " " + request.path() + " " + request.protocol());
        if (!request.tls().isEmpty()) {
            lines.add(where + " tls " + request.tls());
        }
        headers(
                where + " header ",
                retried ? withoutTimeLeft(request.headers()) : request.headers(),
                placeholders,
                lines);
        if (request.path().equals(CheckMessages.PATH)) {
            CheckMessages.asked(request.body()).forEach(line -> lines.add(where + " asks " + placeholders.mask(line)));
        } else if (request.body().size() > 0) {
            lines.add(where + " body " + shortened(request.body()));
        }
        headers(where + " trailer ", request.trailers(), placeholders, lines);
    }

    /** A streamed gRPC answer may be there before its request is over, and then has no such header: a matter of who is faster. */
    private static Headers withoutRace(Headers headers) {
        return headers.get("content-type").orElse("").startsWith("application/grpc")
                ? new Headers(headers.fields().stream()
                        .filter(field -> !field.name().equals("x-envoy-upstream-service-time"))
                        .toList())
                : headers;
    }

    private static Headers withoutTimeLeft(Headers headers) {
        return new Headers(headers.fields().stream()
                .map(field -> field.name().equals(TIME_LEFT) ? new Headers.Field(TIME_LEFT, "<left>") : field)
                .toList());
    }

    private static void headers(String where, Headers headers, Placeholders placeholders, List<String> lines) {
        headers.fields().stream()
                .sorted(Comparator.comparing(Headers.Field::name))
                .map(field -> RANDOM.contains(field.name().toLowerCase(Locale.ROOT))
                        ? field.name()
                        : field.name() + ": " + field.value())
                .map(line -> PORTS_HASH.matcher(line).replaceAll("=\"<hash>\""))
                .forEach(line -> lines.add(where + placeholders.mask(line)));
    }

    private static String shortened(Bytes body) {
        String text = body.utf8();
        return text.length() <= LONGEST_BODY ? text : text.substring(0, LONGEST_BODY) + "... " + body.size() + " bytes";
    }
}
