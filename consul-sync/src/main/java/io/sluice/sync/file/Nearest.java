package io.sluice.sync.file;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** What somebody may have meant who wrote a word that is not known. */
public final class Nearest {
    private Nearest() {}

    /** The known word nearest to this one, else all of them, as the {@code expected} of a problem. */
    public static String of(String word, Collection<String> known) {
        List<String> sorted = known.stream().sorted().toList();
        return sorted.stream()
                .min(Comparator.comparingInt(candidate -> distance(word, candidate)))
                .filter(candidate -> distance(word, candidate) <= Math.max(1, word.length() / 3))
                .orElseGet(() -> switch (sorted.size()) {
                    case 0 -> "nothing";
                    case 1 -> sorted.get(0);
                    default -> "one of " + String.join(", ", sorted);
                });
    }

    /** Letters to insert, delete or replace: Levenshtein's distance. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
