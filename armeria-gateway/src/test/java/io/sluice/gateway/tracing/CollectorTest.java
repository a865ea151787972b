package io.sluice.gateway.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.testing.junit5.server.ServerExtension;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** A collector that is away costs spans and nothing else. */
class CollectorTest {

    /** What the collector answers now; waiting for ever where it is not done. */
    private static final AtomicReference<CompletableFuture<HttpStatus>> ANSWER = new AtomicReference<>();

    @RegisterExtension
    static final ServerExtension COLLECTOR = new ServerExtension() {
        @Override
        protected void configure(ServerBuilder server) {
            server.requestTimeoutMillis(0);
            server.service(
                    "/api/v2/spans",
                    (ctx, request) -> HttpResponse.of(
                            request.aggregate().thenCompose(all -> ANSWER.get()).thenApply(HttpResponse::of)));
        }
    };

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final Logger logger = (Logger) LoggerFactory.getLogger(CollectorWatch.class);
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();

    @BeforeEach
    void listen() {
        said.start();
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
        logger.addAppender(said);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(said);
        logger.setAdditive(true);
        logger.setLevel(null);
    }

    private ZipkinTracing reporting(URI collector) {
        return ZipkinTracing.reportTo(collector, "edge", ZipkinTracing.DEFAULT_FORMATS, Duration.ofMillis(10), metrics);
    }

    private static void request(Tracing tracing) {
        tracing.start(RequestHeaders.of(HttpMethod.GET, "/"), new TracePolicy(true, 100, 100, true))
                .end(new RequestTrace.Facts("GET", "http://a/", "HTTP/1.1", 200, "", "", "", "", 0, 0, ""));
    }

    private double spans(String what) {
        return metrics.counter("tracing.spans." + what).count();
    }

    private double away() {
        return metrics.get("tracing.collector.away").gauge().value();
    }

    @Test
    @Timeout(60)
    void saysOnceThatTheCollectorIsAwayAndOnceThatItIsBack() {
        URI collector = COLLECTOR.httpUri().resolve("/api/v2/spans");
        ANSWER.set(CompletableFuture.completedFuture(HttpStatus.ACCEPTED));
        try (ZipkinTracing tracing = reporting(collector)) {
            request(tracing);
            await().until(() -> spans("reported") == 1);
            assertThat(away()).isZero();

            ANSWER.set(CompletableFuture.completedFuture(HttpStatus.SERVICE_UNAVAILABLE));
            for (int lost = 1; lost <= 3; lost++) {
                int count = lost;
                request(tracing);
                await().until(() -> spans("dropped") == count);
            }
            assertThat(away()).isEqualTo(1);

            ANSWER.set(CompletableFuture.completedFuture(HttpStatus.ACCEPTED));
            request(tracing);
            await().until(() -> spans("reported") == 2);
            request(tracing);
            await().until(() -> spans("reported") == 3);
            assertThat(away()).isZero();
        }
        assertThat(said.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN, Level.INFO);
        assertThat(said.list.get(0).getFormattedMessage())
                .startsWith("spans are dropped collector=" + collector + " reason=");
        assertThat(said.list.get(1).getFormattedMessage()).isEqualTo("spans are taken again collector=" + collector);
    }

    @Test
    @Timeout(60)
    void saysOnceThatNobodyListens() {
        try (ZipkinTracing tracing = reporting(URI.create("http://127.0.0.1:1/api/v2/spans"))) {
            request(tracing);
            await().until(() -> spans("dropped") == 1);
            request(tracing);
            await().until(() -> spans("dropped") == 2);
        }
        assertThat(said.list).extracting(ILoggingEvent::getLevel).containsExactly(Level.WARN);
    }

    /** While it hangs, spans wait in a bounded queue; what comes on top is dropped, and nobody who ends a request waits. */
    @Test
    @Timeout(60)
    void holdsABoundedNumberOfSpansWhileTheCollectorHangs() {
        CompletableFuture<HttpStatus> hanging = new CompletableFuture<>();
        ANSWER.set(hanging);
        int requests = 3 * ZipkinTracing.MAX_WAITING_SPANS;
        ZipkinTracing tracing = reporting(COLLECTOR.httpUri().resolve("/api/v2/spans"));
        for (int i = 0; i < requests; i++) {
            request(tracing);
        }
        assertThat(spans("dropped")).isGreaterThan(ZipkinTracing.MAX_WAITING_SPANS);
        assertThat(spans("reported")).isZero();
        ANSWER.set(CompletableFuture.completedFuture(HttpStatus.ACCEPTED));
        hanging.complete(HttpStatus.ACCEPTED);
        await().until(() -> spans("reported") + spans("dropped") == requests);
        tracing.close();
        assertThat(said.list).isEmpty();
    }
}
