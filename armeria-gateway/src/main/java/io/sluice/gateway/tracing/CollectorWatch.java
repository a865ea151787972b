package io.sluice.gateway.tracing;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import zipkin2.reporter.BytesMessageSender;

/** Sends spans to the collector; says once when it does not take them, and once when it does again. */
final class CollectorWatch extends BytesMessageSender.Base {
    private static final Logger log = LoggerFactory.getLogger(CollectorWatch.class);

    /** The reporter's own words for a failure, with its stack, through a logger that nobody configures. Held, or it is forgotten. */
    private static final java.util.logging.Logger REPORTER = java.util.logging.Logger.getLogger("zipkin2.reporter");

    private final BytesMessageSender sender;
    private final URI collector;
    private final Counter reported;
    private final AtomicBoolean failing = new AtomicBoolean();

    CollectorWatch(BytesMessageSender sender, URI collector, MeterRegistry metrics) {
        super(sender.encoding());
        this.sender = sender;
        this.collector = collector;
        REPORTER.setLevel(java.util.logging.Level.OFF);
        reported = metrics.counter("tracing.spans.reported");
        metrics.gauge("tracing.collector.away", failing, away -> away.get() ? 1 : 0);
    }

    @Override
    public int messageMaxBytes() {
        return sender.messageMaxBytes();
    }

    @Override
    public void send(List<byte[]> spans) throws IOException {
        try {
            sender.send(spans);
        } catch (IOException | RuntimeException e) {
            if (failing.compareAndSet(false, true)) {
                log.warn("spans are dropped collector={} reason={}", collector, e.toString());
            }
            throw e;
        }
        reported.increment(spans.size());
        if (failing.compareAndSet(true, false)) {
            log.info("spans are taken again collector={}", collector);
        }
    }

    @Override
    public void close() throws IOException {
        sender.close();
    }
}
