package io.sluice.gateway.tracing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import zipkin2.reporter.ReporterMetrics;

/** What became of the spans; says once when the collector does not take them, and once when it does again. */
final class ReportMetrics implements ReporterMetrics {
    private static final Logger log = LoggerFactory.getLogger(ReportMetrics.class);

    private final URI collector;
    private final Counter reported;
    private final Counter dropped;
    private final AtomicInteger waiting;
    private final AtomicBoolean failing = new AtomicBoolean();

    ReportMetrics(URI collector, MeterRegistry metrics) {
        this.collector = collector;
        reported = metrics.counter("tracing.spans.reported");
        dropped = metrics.counter("tracing.spans.dropped");
        waiting = metrics.gauge("tracing.spans.waiting", new AtomicInteger());
    }

    /** Called before the message is sent. */
    @Override
    public void incrementMessages() {}

    @Override
    public void incrementMessagesDropped(Throwable cause) {
        if (failing.compareAndSet(false, true)) {
            log.warn("spans are dropped collector={} reason={}", collector, cause.toString());
        }
    }

    @Override
    public void incrementSpans(int quantity) {
        reported.increment(quantity);
    }

    @Override
    public void incrementSpanBytes(int quantity) {}

    @Override
    public void incrementMessageBytes(int quantity) {}

    @Override
    public void incrementSpansDropped(int quantity) {
        dropped.increment(quantity);
    }

    @Override
    public void updateQueuedSpans(int update) {
        waiting.set(update);
    }

    @Override
    public void updateQueuedBytes(int update) {}
}
