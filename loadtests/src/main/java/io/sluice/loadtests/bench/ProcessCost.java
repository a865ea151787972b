package io.sluice.loadtests.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says a process, with its children, has used. Linux only. */
final class ProcessCost {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, fixed for user space on Linux

    private ProcessCost() {}

    /** User and system time of the process and, for servers that fork workers, of its living children; seconds. */
    static double cpuSeconds(long pid) {
        double own = ticks(pid) / TICKS_PER_SECOND;
        return own
                + ProcessHandle.of(pid).stream()
                        .flatMap(ProcessHandle::children)
                        .mapToDouble(child -> ticks(child.pid()) / TICKS_PER_SECOND)
                        .sum();
    }

    /** Resident memory of the process and its children, MiB. */
    static double residentMiB(long pid) {
        double own = resident(pid);
        return own
                + ProcessHandle.of(pid).stream()
                        .flatMap(ProcessHandle::children)
                        .mapToDouble(child -> resident(child.pid()))
                        .sum();
    }

    private static long ticks(long pid) {
        String stat = read(Path.of("/proc", String.valueOf(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    private static double resident(long pid) {
        return read(Path.of("/proc", String.valueOf(pid), "status"))
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElse(0);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
