package io.sluice.loadtests.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A scenario that finds no failure is worth what its callers would have noticed. */
class TrafficTest {
    private static final int REQUESTS = 40;

    @ParameterizedTest(name = "HTTP/{0}")
    @ValueSource(ints = {1, 2})
    void countsWhatIsAnsweredByWhom(int version) {
        Traffic.Outcome outcome = run(version, request -> reply(200, "a"));
        assertThat(outcome.failures()).isEmpty();
        assertThat(outcome.answered())
                .isGreaterThanOrEqualTo(REQUESTS)
                .isEqualTo(outcome.servedBy().get("a"));
    }

    @ParameterizedTest(name = "HTTP/{0}")
    @ValueSource(ints = {1, 2})
    void keepsEachRequestThatGetsNo2xx(int version) {
        AtomicInteger number = new AtomicInteger();
        Traffic.Outcome outcome =
                run(version, request -> number.incrementAndGet() == 7 ? reply(503, "a") : reply(200, "a"));
        assertThat(outcome.failed()).isEqualTo(1);
        assertThat(outcome.failures()).singleElement().asString().contains("request ", ": 503 body");
    }

    @ParameterizedTest(name = "HTTP/{0}")
    @ValueSource(ints = {1, 2})
    void keepsEachRequestThatIsCutOff(int version) {
        AtomicInteger number = new AtomicInteger();
        Traffic.Outcome outcome = run(
                version,
                request -> number.incrementAndGet() == 7
                        ? new Answer.Reset(Answer.Reset.Place.BEFORE_HEADERS)
                        : reply(200, "a"));
        assertThat(outcome.failures()).singleElement().asString().contains("RESET");
        assertThat(outcome.answered()).as("it goes on over a new connection").isGreaterThan(REQUESTS / 2);
    }

    @ParameterizedTest(name = "HTTP/{0}")
    @ValueSource(ints = {1, 2})
    void keepsEachRequestThatFindsNobody(int version) {
        int nobody = Ports.free();
        try (Traffic traffic = version == 1 ? Traffic.http1(nobody, "/", 200) : Traffic.http2(nobody, "/", 200)) {
            traffic.awaitMore(5);
            Traffic.Outcome outcome = traffic.stop();
            assertThat(outcome.answered()).isZero();
            assertThat(outcome.failures())
                    .hasSizeGreaterThanOrEqualTo(5)
                    .allMatch(failure -> failure.what().contains("ConnectException"));
        }
    }

    @ParameterizedTest(name = "two doors, HTTP/{0}")
    @ValueSource(ints = {1, 2})
    void takesTheNextDoorWhenOneIsShut(int version) {
        try (RecordingUpstream there = version == 1
                        ? RecordingUpstream.http1(request -> reply(200, "b"))
                        : RecordingUpstream.http2(request -> reply(200, "b"));
                Traffic traffic = version == 1
                        ? Traffic.http1(List.of(Ports.free(), there.port()), "/", 200)
                        : Traffic.http2(List.of(Ports.free(), there.port()), "/", 200)) {
            traffic.awaitMore(REQUESTS);
            assertThat(traffic.stop().failures()).isEmpty();
        }
    }

    @Test
    void leavesAConnectionThatIsToBeClosed() {
        AtomicInteger number = new AtomicInteger();
        try (RecordingUpstream upstream = RecordingUpstream.http1(request -> new Answer.Reply(
                        200,
                        number.incrementAndGet() == 7 ? Headers.of("connection", "close") : Headers.NONE,
                        List.of(Bytes.NONE),
                        Headers.NONE,
                        List.of()));
                Traffic traffic = Traffic.http1(upstream.port(), "/", 200)) {
            traffic.awaitMore(REQUESTS);
            assertThat(traffic.stop().failures()).isEmpty();
            assertThat(upstream.seen().stream()
                            .mapToInt(RecordedRequest::connection)
                            .max())
                    .as("four callers, one of whom came again")
                    .hasValue(5);
        }
    }

    private static Traffic.Outcome run(int version, Function<RecordedRequest, Answer> answers) {
        try (RecordingUpstream upstream =
                        version == 1 ? RecordingUpstream.http1(answers) : RecordingUpstream.http2(answers);
                Traffic traffic = version == 1
                        ? Traffic.http1(upstream.port(), "/", 200)
                        : Traffic.http2(upstream.port(), "/", 200)) {
            traffic.awaitMore(REQUESTS);
            return traffic.stop();
        }
    }

    private static Answer reply(int status, String by) {
        return new Answer.Reply(
                status, Headers.of("x-served-by", by), List.of(Bytes.utf8("body")), Headers.NONE, List.of());
    }
}
