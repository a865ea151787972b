package io.sluice.gateway.tracing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import zipkin2.reporter.ReporterMetrics;

/** How many spans wait, and how many were lost: to a full queue or to a collector that did not take them. */
final class ReportMetrics implements ReporterMetrics {
    private final Counter dropped;
    private final AtomicInteger waiting;

    ReportMetrics(MeterRegistry metrics) {
        dropped = metrics.counter("tracing.spans.dropped");
        waiting = metrics.gauge("tracing.spans.waiting", new AtomicInteger());
    }

    @Override
    public void incrementMessages() {}

    @Override
    public void incrementMessagesDropped(Throwable cause) {}

    @Override
    public void incrementSpans(int quantity) {}

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
