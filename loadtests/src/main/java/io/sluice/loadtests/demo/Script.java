package io.sluice.loadtests.demo;

import java.io.PrintStream;

/** What the demo prints, and whether every answer shown was the expected one. */
final class Script {
    private final PrintStream out;
    private int shown;
    private int wrong;

    Script(PrintStream out) {
        this.out = out;
    }

    void title(String text) {
        out.println();
        out.println("== " + text);
        out.flush();
    }

    void say(String text) {
        out.println("   " + text);
        out.flush();
    }

    /** Shows what was asked and what came; {@code expected} is printed where it did not. */
    void show(String asked, String answered, boolean asExpected, String expected) {
        shown++;
        if (asExpected) {
            out.println(" ok  " + asked + "  ->  " + answered);
        } else {
            wrong++;
            out.println("BAD  " + asked + "  ->  " + answered + "   (expected: " + expected + ")");
        }
        out.flush();
    }

    int shown() {
        return shown;
    }

    int wrong() {
        return wrong;
    }
}
