package io.sluice.sync.file;

import io.sluice.sync.file.YamlValue.Entry;
import io.sluice.sync.model.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A mapping whose words are known. Problems are gathered while the words are read; {@link #finish} refuses the mapping with all of them,
 * and with every word that nobody read.
 */
final class YamlMapping {
    private final YamlValue value;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Set<String> known = new TreeSet<>();
    private final Set<String> later = new TreeSet<>();
    private final List<Problem> problems = new ArrayList<>();

    YamlMapping(YamlValue value) {
        this.value = value;
        for (Entry entry : value.entries(problems)) {
            entries.put(entry.name(), entry);
        }
    }

    /** Empty when the word is not there, and when its value was refused, which {@link #finish} will say. */
    <T> Optional<T> read(String word, Function<YamlValue, T> reader) {
        known.add(word);
        Entry entry = entries.get(word);
        if (entry == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(reader.apply(entry.value()));
        } catch (RefusedException e) {
            problems.addAll(e.problems());
            return Optional.empty();
        }
    }

    /** As {@link #read}, and a problem when the word is not there. */
    <T> Optional<T> need(String word, Function<YamlValue, T> reader) {
        if (!entries.containsKey(word)) {
            problem("'" + word + "' is missing", "'" + word + "'");
        }
        return read(word, reader);
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    boolean has(String word) {
        return entries.containsKey(word);
    }

    /** Words that have a meaning one day, and none yet. */
    void notYet(String... words) {
        later.addAll(List.of(words));
    }

    /** Refuses words that say nothing beside the others. */
    void without(String reason, String expected, String... words) {
        for (String word : words) {
            Entry entry = entries.get(word);
            if (entry != null) {
                problems.add(entry.place().problem(reason, expected));
            }
        }
    }

    void problem(String reason, String expected) {
        problems.add(value.place().problem(reason, expected));
    }

    /** @throws RefusedException with everything that is wrong, if anything is */
    void finish() {
        List<Problem> all = problems();
        if (!all.isEmpty()) {
            throw new RefusedException(all);
        }
    }

    /** Everything that is wrong, unknown words last. To be asked when all words were read. */
    List<Problem> problems() {
        List<Problem> all = new ArrayList<>(problems);
        for (Entry entry : entries.values()) {
            if (later.contains(entry.name())) {
                all.add(entry.place().problem("'" + entry.name() + "' is not supported yet", anyOf(known)));
            } else if (!known.contains(entry.name())) {
                all.add(entry.place().problem("unknown word '" + entry.name() + "'", Nearest.of(entry.name(), known)));
            }
        }
        return all;
    }

    private static String anyOf(Set<String> words) {
        return "any of " + String.join(", ", words);
    }
}
