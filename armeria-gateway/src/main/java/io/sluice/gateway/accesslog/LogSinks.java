package io.sluice.gateway.accesslog;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The places access logs go to, each opened once per process however many configurations name it. Any thread. */
public final class LogSinks implements AutoCloseable {
    private final Map<String, LogSink> sinks = new ConcurrentHashMap<>();
    private final MeterRegistry metrics;

    public LogSinks(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    /** The file is opened by its writer with the first line; {@code /dev/stdout} and {@code /dev/stderr} are the process's own streams. */
    LogSink open(String path) {
        return switch (path) {
            case "/dev/stdout" -> stream(path, FileDescriptor.out);
            case "/dev/stderr" -> stream(path, FileDescriptor.err);
            default -> sinks.computeIfAbsent(path, p -> new LogSink(p, new LogTarget.Appender(Path.of(p)), metrics));
        };
    }

    private LogSink stream(String name, FileDescriptor descriptor) {
        return sinks.computeIfAbsent(
                name, n -> new LogSink(n, new LogTarget.Stream(new FileOutputStream(descriptor)), metrics));
    }

    /** Writes what waits. */
    @Override
    public void close() {
        sinks.values().forEach(LogSink::close);
    }
}
