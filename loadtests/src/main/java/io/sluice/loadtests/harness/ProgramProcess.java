package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program that runs beside us. It ends by {@link #close}, and in any case with this JVM. Safe for use by several threads.
 */
public final class ProgramProcess implements AutoCloseable {
    /** How much of the output is kept: its last part. */
    static final int MAX_OUTPUT_BYTES = 256 * 1024;

    private static final Logger log = LoggerFactory.getLogger(ProgramProcess.class);
    private static final Duration POLL = Duration.ofMillis(10);
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration DUMP_TIME = Duration.ofMillis(500);
    private static final int MAX_DUMP_CHARACTERS = 64 * 1024;

    private final String name;
    private final Process process;
    private final Thread atExit;
    private final Thread reader;
    private final StringBuilder output = new StringBuilder();

    private ProgramProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        this.atExit = new Thread(this::destroyForcibly, name + "-at-exit");
        this.reader = Thread.ofPlatform().daemon().name(name + "-output").start(this::readOutput);
    }

    /**
     * Starts a command in a folder, its standard error going where its output goes.
     *
     * @throws UncheckedIOException when the command cannot be started
     */
    public static ProgramProcess start(
            String name, List<String> command, Map<String, String> environment, Path folder) {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).directory(folder.toFile());
        builder.environment().putAll(environment);
        try {
            ProgramProcess started = new ProgramProcess(name, builder.start());
            endWithUs(started);
            log.debug("started name={} pid={} command={}", name, started.pid(), command);
            return started;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + name + ": " + command.get(0), e);
        }
    }

    private static void endWithUs(ProgramProcess started) {
        try {
            Runtime.getRuntime().addShutdownHook(started.atExit);
        } catch (IllegalStateException e) { // this JVM is ending already
            started.process.destroyForcibly();
            throw e;
        }
    }

    /**
     * Returns when {@code ready} first says yes.
     *
     * @throws IllegalStateException with the program's output, when it ended before or did not get ready in time; it is stopped then
     */
    public ProgramProcess awaitReady(BooleanSupplier ready, Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (!ready.getAsBoolean()) {
            if (!process.isAlive()) {
                awaitExit(Duration.ofSeconds(1));
                throw new IllegalStateException(name + " ended with code " + process.exitValue() + ":\n" + output());
            }
            if (System.nanoTime() > deadline) {
                close();
                throw new IllegalStateException(name + " was not ready within " + atMost + ":\n" + output());
            }
            pause();
        }
        return this;
    }

    /**
     * Waits for the program to end by itself and for all of its output.
     *
     * @return its exit code
     * @throws IllegalStateException when it still runs then
     */
    public int awaitExit(Duration atMost) {
        try {
            if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException(name + " still runs after " + atMost + ":\n" + output());
            }
            reader.join(Duration.ofSeconds(2));
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + name, e);
        }
    }

    public String name() {
        return name;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** The last {@value #MAX_OUTPUT_BYTES} characters it wrote. */
    public String output() {
        synchronized (output) {
            return output.toString();
        }
    }

    /** Asks it to end (SIGTERM) without waiting: what follows is the program's own drain. */
    public void terminate() {
        process.destroy();
    }

    /** Ctrl-C in its terminal: SIGINT to its process group, which it must lead. Does not wait. */
    public void interruptGroup() {
        signal("INT", "-" + pid());
    }

    /** Stops its clock (SIGSTOP): it holds its connections and says nothing. Only {@link #kill} ends it at once. */
    public void freeze() {
        signal("STOP", "" + pid());
    }

    private void signal(String signal, String whom) {
        try {
            int code =
                    new ProcessBuilder("kill", "-" + signal, "--", whom).start().waitFor();
            if (code != 0) {
                throw new IllegalStateException("cannot send SIG" + signal + " to " + name + ", pid " + whom);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /** Ends it at once (SIGKILL), as a crash would. */
    public void kill() {
        destroyForcibly();
        awaitExit(GRACE);
        forget();
    }

    /** Its descendants that live, itself included. */
    public List<ProcessHandle> family() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    /** SIGTERM, and SIGKILL when that did not end it within 10 s; what its threads did then goes to the log. */
    @Override
    public void close() {
        terminate();
        try {
            if (!process.waitFor(GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("killed name={} pid={} reason=\"did not end within {}\"\n{}", name, pid(), GRACE, threads());
                destroyForcibly();
            }
        } catch (InterruptedException e) {
            destroyForcibly();
            Thread.currentThread().interrupt();
        }
        forget();
    }

    /** What a JVM says when it is asked for its threads, with the end of what it said before; of others only that. */
    private String threads() throws InterruptedException {
        signal("QUIT", "" + pid());
        Thread.sleep(DUMP_TIME);
        String all = output();
        return all.substring(Math.max(0, all.length() - MAX_DUMP_CHARACTERS));
    }

    /** With the processes it started itself: nginx's workers outlive their master. */
    private void destroyForcibly() {
        List<ProcessHandle> workers = process.descendants().toList();
        process.destroyForcibly();
        workers.forEach(ProcessHandle::destroyForcibly);
    }

    private void forget() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException e) {
            log.trace("the JVM is ending; the hook does the rest");
        }
    }

    private void readOutput() {
        byte[] buffer = new byte[8192];
        try (InputStream stream = process.getInputStream()) {
            for (int n = stream.read(buffer); n >= 0; n = stream.read(buffer)) {
                synchronized (output) {
                    output.append(new String(buffer, 0, n, UTF_8));
                    output.delete(0, Math.max(0, output.length() - MAX_OUTPUT_BYTES));
                }
            }
        } catch (IOException e) {
            log.debug("output ended name={} reason={}", name, e.toString());
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
