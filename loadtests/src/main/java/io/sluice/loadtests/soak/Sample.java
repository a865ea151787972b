package io.sluice.loadtests.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Http1Client;
import io.sluice.loadtests.harness.ProgramProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a process used at one moment.
 *
 * @param minute since the traffic began
 */
record Sample(double minute, Map<Series, Double> values) {
    private static final Pattern TOTAL = Pattern.compile("(?m)^Total\\s+(\\d+)\\s+(\\d+)");
    private static final Pattern TIMERS = Pattern.compile(
            "(?m)^\\s*\\d+:\\s+(\\d+)\\s+\\d+\\s+io\\.netty\\.util\\.concurrent\\.ScheduledFutureTask\\b");
    private static final double MEBIBYTE = 1 << 20;

    Sample {
        values = Map.copyOf(values);
    }

    /** Has the process collect its garbage, then looks. Linux only. */
    static Sample of(ProgramProcess process, int adminPort, double minute) throws IOException {
        String histogram = run(List.of(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(process.pid()),
                "GC.class_histogram"));
        String metrics = Http1Client.get(adminPort, "127.0.0.1", "/metrics").text();
        Map<Series, Double> values = new EnumMap<>(Series.class);
        values.put(Series.HEAP, number(TOTAL, 2, histogram) / MEBIBYTE);
        values.put(Series.TIMERS, number(TIMERS, 1, histogram));
        values.put(Series.DIRECT, metric(metrics, "netty_direct_memory_bytes") / MEBIBYTE);
        values.put(Series.FDS, metric(metrics, "process_open_fds"));
        values.put(Series.THREADS, metric(metrics, "jvm_threads_live"));
        values.put(Series.TASKS, metric(metrics, "event_loop_pending_tasks"));
        values.put(Series.RSS, resident(process.pid()));
        return new Sample(minute, values);
    }

    private static double number(Pattern pattern, int group, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Double.parseDouble(matcher.group(group)) : 0;
    }

    private static double metric(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the gateway's /metrics has no " + name));
    }

    private static double resident(long pid) throws IOException {
        return Files.readString(Path.of("/proc", Long.toString(pid), "status"))
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElse(0);
    }

    private static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(new ArrayList<>(command))
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + " failed: " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        return output;
    }
}
