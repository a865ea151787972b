package io.sluice.gateway.settings;

import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/** What a mistyped word was probably meant to be. */
public final class Nearest {
    private Nearest() {}

    /** The known word with the least distance; of several the first. Empty where nothing is known. */
    public static Optional<String> of(String word, Stream<String> known) {
        return known.min(Comparator.comparingInt(name -> distance(word, name)));
    }

    /** Levenshtein's. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int same = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(same, Math.min(above, row[j - 1]) + 1);
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
