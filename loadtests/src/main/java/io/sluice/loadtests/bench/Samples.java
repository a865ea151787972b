package io.sluice.loadtests.bench;

import java.util.List;

/** What the rounds said, in the order of their size; at least one. */
record Samples(List<Double> sorted) {
    Samples {
        sorted = sorted.stream().sorted().toList();
        if (sorted.isEmpty()) {
            throw new IllegalArgumentException("samples: none (expected: at least one)");
        }
    }

    double median() {
        return percentile(50);
    }

    /** @return the smallest that at least so many percent do not exceed */
    double percentile(double percent) {
        int rank = (int) Math.ceil(sorted.size() * percent / 100);
        return sorted.get(Math.max(0, rank - 1));
    }

    double min() {
        return sorted.getFirst();
    }

    double max() {
        return sorted.getLast();
    }
}
