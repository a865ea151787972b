package io.sluice.loadtests.soak;

import java.util.List;
import java.util.Locale;

/**
 * What must not grow. Flat means: between the median of the first third after the warm-up and that of the last third there is at most so much.
 * Medians, since a sample may fall into a moment of much traffic.
 */
enum Series {
    /** Live objects: what is left after a collection. */
    HEAP("heap after collection", "MiB", 4, 0.10),
    DIRECT("direct memory", "MiB", 8, 0.20),
    RSS("resident memory", "MiB", 16, 0.10),
    FDS("open files and sockets", "", 24, 0.20),
    THREADS("threads", "", 3, 0),
    TIMERS("timers", "", 100, 0.30),
    TASKS("tasks that wait for a loop", "", 50, 0);

    private final String label;
    private final String unit;
    private final double room;
    private final double share;

    /**
     * @param room how much more there may be in the end
     * @param share the same as a part of the beginning: the larger of both counts
     */
    Series(String label, String unit, double room, double share) {
        this.label = label;
        this.unit = unit;
        this.room = room;
        this.share = share;
    }

    String label() {
        return label;
    }

    String unit() {
        return unit;
    }

    /** How it went, after the warm-up. */
    Trend trend(List<Sample> samples) {
        List<Double> values = samples.stream()
                .map(sample -> sample.values().getOrDefault(this, 0.0))
                .toList();
        int third = Math.max(1, values.size() / 3);
        double first = median(values.subList(0, third));
        double last = median(values.subList(values.size() - third, values.size()));
        return new Trend(this, first, last, Math.max(room, first * share));
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** @param allowed the most that {@code last} may be above {@code first} */
    record Trend(Series series, double first, double last, double allowed) {
        boolean flat() {
            return last - first <= allowed;
        }

        String line() {
            return String.format(
                    Locale.ROOT,
                    "%-28s %-4s %9.1f -> %9.1f   %+8.1f (at most %+.1f)  %s",
                    series.label,
                    series.unit,
                    first,
                    last,
                    last - first,
                    allowed,
                    flat() ? "flat" : "GROWS");
        }
    }
}
