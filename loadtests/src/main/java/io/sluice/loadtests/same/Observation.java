package io.sluice.loadtests.same;

import io.sluice.loadtests.harness.RecordedRequest;
import io.sluice.loadtests.harness.Response;
import java.util.List;
import java.util.Map;

/**
 * What one target did with one row.
 *
 * @param replies in the order of the row's requests
 * @param log lines of the access log
 * @param seen by upstream, in the order of arrival
 * @param spread answers by upstream, of a request that was sent many times
 * @param problem why there is nothing to see, empty when there is
 */
record Observation(
        List<Reply> replies,
        List<String> log,
        Map<String, List<RecordedRequest>> seen,
        Map<String, Integer> spread,
        Placeholders placeholders,
        String problem) {
    /**
     * @param closed whether the connection ended after the response; false where nobody asked
     * @param echoes what came back for each WebSocket frame or gRPC message
     * @param handshake as {@link io.sluice.loadtests.harness.Http1Client#handshake} says it
     */
    record Reply(Response response, boolean closed, List<String> echoes, String handshake) {
        Reply(Response response, boolean closed, List<String> echoes) {
            this(response, closed, echoes, "");
        }
    }

    static Observation failed(String problem) {
        return new Observation(List.of(), List.of(), Map.of(), Map.of(), new Placeholders(Map.of(), "-"), problem);
    }

    int attempts() {
        return seen.values().stream().mapToInt(List::size).sum();
    }
}
