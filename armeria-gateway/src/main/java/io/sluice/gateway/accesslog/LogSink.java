package io.sluice.gateway.accesslog;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lines on their way to one place, written by a thread of their own in the order in which they came. */
final class LogSink {
    /** Of lines that wait for a slow disk or pipe; what comes on top is dropped. */
    static final long MAX_WAITING_CHARS = 8L << 20;

    private static final int BATCH_BYTES = 64 << 10;
    private static final Logger log = LoggerFactory.getLogger(LogSink.class);

    private final String name;
    private final LogTarget target;
    private final BlockingQueue<String> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong waitingChars = new AtomicLong();
    private final Counter written;
    private final Counter dropped;
    private final Thread writer;
    private volatile boolean closing;
    private boolean failing;

    LogSink(String name, LogTarget target, MeterRegistry metrics) {
        this.name = name;
        this.target = target;
        Tags tags = Tags.of("sink", name);
        written = metrics.counter("accesslog.lines.written", tags);
        dropped = metrics.counter("accesslog.lines.dropped", tags);
        writer = Thread.ofPlatform().name("access-log " + name).daemon().start(this::run);
    }

    /** Any thread; never blocks. */
    void write(String line) {
        if (closing || waitingChars.addAndGet(line.length()) > MAX_WAITING_CHARS) {
            waitingChars.addAndGet(-line.length());
            dropped.increment();
            return;
        }
        waiting.add(line);
    }

    /** Writes what waits, for two seconds at most. */
    void close() {
        closing = true;
        try {
            writer.join(2_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        var batch = new ByteArrayOutputStream(BATCH_BYTES);
        try (target) {
            while (!closing || !waiting.isEmpty()) {
                int lines = 0;
                for (String line = next(); line != null; line = batch.size() < BATCH_BYTES ? waiting.poll() : null) {
                    waitingChars.addAndGet(-line.length());
                    batch.writeBytes(line.getBytes(StandardCharsets.UTF_8));
                    lines++;
                }
                if (lines > 0) {
                    write(batch, lines);
                    batch.reset();
                }
            }
        } catch (IOException e) {
            log.warn("access log not closed cleanly sink={} reason={}", name, e.toString());
        }
    }

    private @Nullable String next() {
        try {
            return waiting.poll(100, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            closing = true;
            return null;
        }
    }

    private void write(ByteArrayOutputStream batch, int lines) {
        try {
            target.write(batch);
            written.increment(lines);
            if (failing) {
                failing = false;
                log.info("access log is written again sink={}", name);
            }
        } catch (IOException e) {
            dropped.increment(lines);
            if (!failing) {
                failing = true;
                log.warn("access log cannot be written, lines are dropped sink={} reason={}", name, e.toString());
            }
        }
    }
}
