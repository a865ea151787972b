package io.sluice.gateway.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class LogSinkTest {
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

    private final Logger logger = (Logger) LoggerFactory.getLogger(LogSink.class);
    private final ListAppender<ILoggingEvent> said = new ListAppender<>();

    @TempDir
    Path folder;

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

    /** A place whose writes wait until told, or fail. */
    private static final class Moody implements LogTarget {
        private final CountDownLatch writing = new CountDownLatch(1);
        private final CountDownLatch mayGoOn;
        private final AtomicBoolean failing = new AtomicBoolean();
        private final LinkedBlockingQueue<String> written = new LinkedBlockingQueue<>();

        Moody(boolean stuck) {
            mayGoOn = new CountDownLatch(stuck ? 1 : 0);
        }

        @Override
        public void write(ByteArrayOutputStream bytes) throws IOException {
            writing.countDown();
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            if (failing.get()) {
                throw new IOException("no space left");
            }
            written.add(bytes.toString(StandardCharsets.UTF_8));
        }

        @Nullable
        String next() throws InterruptedException {
            return written.poll(10, TimeUnit.SECONDS);
        }

        @Override
        public void close() {}
    }

    private double lines(String what) {
        return metrics.counter("accesslog.lines." + what, "sink", "s").count();
    }

    @Test
    void writesInTheOrderInWhichLinesCame() throws IOException {
        Path file = folder.resolve("log");
        LogSink sink = new LogSink("s", new LogTarget.Appender(file), metrics);
        IntStream.range(0, 10_000).forEach(i -> sink.write(i + "\n"));
        sink.close();
        assertThat(Files.readAllLines(file))
                .isEqualTo(IntStream.range(0, 10_000).mapToObj(String::valueOf).toList());
        assertThat(lines("written")).isEqualTo(10_000);
        assertThat(lines("dropped")).isZero();
    }

    @Test
    void appendsToWhatIsThereAndWritesBytesOfUtf8() throws IOException {
        Path file = Files.writeString(folder.resolve("log"), "before\n");
        LogSink sink = new LogSink("s", new LogTarget.Appender(file), metrics);
        sink.write("\u00e9\n");
        sink.close();
        assertThat(Files.readString(file)).isEqualTo("before\n\u00e9\n");
    }

    /** The event loop's thread must come back at once, however long the disk takes. */
    @Test
    @Timeout(30)
    void neverWaitsForASlowPlaceButDropsAndCounts() throws InterruptedException {
        Moody stuck = new Moody(true);
        LogSink sink = new LogSink("s", stuck, metrics);
        sink.write("first");
        stuck.writing.await();
        String line = "x".repeat(1 << 20);
        for (int i = 0; i < 20; i++) {
            sink.write(line);
        }
        assertThat(lines("dropped")).isEqualTo(20 - (LogSink.MAX_WAITING_CHARS >> 20));
        stuck.mayGoOn.countDown();
        assertThat(stuck.next()).isEqualTo("first");
        await().until(() -> lines("written") == 1 + (LogSink.MAX_WAITING_CHARS >> 20));
        sink.write("after");
        sink.close();
        assertThat(lines("written")).isEqualTo(2 + (LogSink.MAX_WAITING_CHARS >> 20));
    }

    @Test
    @Timeout(30)
    void countsWhatAFailedPlaceLosesAndGoesOnWhenItIsBack() throws InterruptedException {
        Moody full = new Moody(false);
        full.failing.set(true);
        LogSink sink = new LogSink("s", full, metrics);
        sink.write("lost");
        await().until(() -> lines("dropped") == 1);
        sink.write("lost too");
        await().until(() -> lines("dropped") == 2);
        full.failing.set(false);
        sink.write("kept");
        assertThat(full.next()).isEqualTo("kept");
        sink.write("kept too");
        sink.close();
        assertThat(lines("dropped")).isEqualTo(2);
        assertThat(lines("written")).isEqualTo(2);
        assertThat(said.list)
                .extracting(ILoggingEvent::toString)
                .containsExactly(
                        "[WARN] access log cannot be written, lines are dropped sink=s reason=java.io.IOException: no"
                                + " space left",
                        "[INFO] access log is written again sink=s");
    }

    @Test
    @Timeout(30)
    void opensTheFileAnewAfterItWasRenamedOrRemoved() throws IOException {
        Path file = folder.resolve("log");
        LogSink sink = new LogSink("s", new LogTarget.Appender(file), metrics);
        sink.write("one\n");
        await().until(() -> lines("written") == 1);
        Files.move(file, folder.resolve("log.1"));
        sink.write("two\n");
        await().until(() -> lines("written") == 2);
        assertThat(Files.readString(folder.resolve("log.1"))).isEqualTo("one\n");
        assertThat(Files.readString(file)).isEqualTo("two\n");
        Files.delete(file);
        sink.write("three\n");
        sink.close();
        assertThat(Files.readString(file)).isEqualTo("three\n");
    }

    @Test
    @Timeout(30)
    void writesOnceTheFolderIsThere() throws IOException {
        Path file = folder.resolve("later/log");
        LogSink sink = new LogSink("s", new LogTarget.Appender(file), metrics);
        sink.write("lost\n");
        await().until(() -> lines("dropped") == 1);
        Files.createDirectory(file.getParent());
        sink.write("kept\n");
        sink.close();
        assertThat(Files.readString(file)).isEqualTo("kept\n");
    }

    @Test
    void takesNothingAfterItsEnd() {
        LogSink sink = new LogSink("s", new Moody(false), metrics);
        sink.close();
        sink.write("late");
        assertThat(lines("dropped")).isEqualTo(1);
    }
}
