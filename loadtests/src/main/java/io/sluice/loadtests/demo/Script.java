package io.sluice.loadtests.demo;

import java.io.PrintStream;
import java.time.Duration;

/** What the demo prints, and whether every answer shown was the expected one. Safe for use by several threads. */
final class Script {
    private final PrintStream out;
    private final long began = System.nanoTime();
    private int shown;
    private int wrong;

    Script(PrintStream out) {
        this.out = out;
    }

    synchronized void title(String text) {
        out.println();
        out.println("== " + text);
        out.flush();
    }

    synchronized void say(String text) {
        out.println("     " + text);
        out.flush();
    }

    /** A step of the start, with the seconds since the beginning. */
    synchronized void step(String text) {
        out.printf("%5.1f s  %s%n", Duration.ofNanos(System.nanoTime() - began).toMillis() / 1e3, text);
        out.flush();
    }

    /** Shows what was asked and what came; {@code expected} is printed where it did not. */
    synchronized void show(String asked, String answered, boolean asExpected, String expected) {
        shown++;
        if (asExpected) {
            out.println("  ok " + asked + "  ->  " + answered);
        } else {
            wrong++;
            out.println(" BAD " + asked + "  ->  " + answered + "   (expected: " + expected + ")");
        }
        out.flush();
    }

    synchronized int shown() {
        return shown;
    }

    synchronized int wrong() {
        return wrong;
    }

    Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - began);
    }
}
