package io.sluice.loadtests.same;

import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Pearson's chi-square test at 99.9 %: a right spread fails once in a thousand runs. */
final class Spread {
    /** By degrees of freedom, from 1. */
    private static final double[] CRITICAL = {10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877};

    private Spread() {}

    /** @param shares in any unit; one of 0 means never */
    static Optional<String> problem(Map<String, Integer> shares, Map<String, Integer> counts) {
        TreeSet<String> unknown = new TreeSet<>(counts.keySet());
        shares.forEach((name, share) -> {
            if (share > 0) {
                unknown.remove(name);
            }
        });
        if (!unknown.isEmpty()) {
            return Optional.of("spread: " + counts + " (expected: nothing at " + unknown + ")");
        }
        double total = counts.values().stream().mapToInt(Integer::intValue).sum();
        double weights = shares.values().stream().mapToInt(Integer::intValue).sum();
        double statistic = 0;
        int freedom = -1;
        for (Map.Entry<String, Integer> share : shares.entrySet()) {
            if (share.getValue() > 0) {
                double expected = total * share.getValue() / weights;
                double distance = counts.getOrDefault(share.getKey(), 0) - expected;
                statistic += distance * distance / expected;
                freedom++;
            }
        }
        boolean likely = freedom < 1 ? total > 0 : statistic <= CRITICAL[freedom - 1];
        return likely
                ? Optional.empty()
                : Optional.of(String.format("spread: %s, chi-square %.1f (expected: %s)", counts, statistic, shares));
    }
}
