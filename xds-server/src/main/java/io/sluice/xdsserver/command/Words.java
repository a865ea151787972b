package io.sluice.xdsserver.command;

import io.sluice.xdsserver.settings.SettingsException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The words behind a command: its own options, what stands alone, and the rest, which are settings. */
record Words(Map<String, String> options, List<String> alone, List<String> settings) {

    /**
     * @param flags options that take no value
     * @param valued options that take one: {@code --name value} or {@code --name=value}
     * @throws SettingsException where a value is missing
     */
    static Words of(List<String> words, List<String> flags, List<String> valued) {
        Map<String, String> options = new HashMap<>();
        List<String> alone = new ArrayList<>();
        List<String> settings = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            if (!word.startsWith("--")) {
                alone.add(word);
            } else if (flags.contains(word)) {
                options.put(word, "");
            } else {
                if (equals < 0 && i + 1 == words.size()) {
                    throw new SettingsException(word + ": no value (expected: " + word + " VALUE)");
                }
                String value = equals < 0 ? words.get(++i) : word.substring(equals + 1);
                if (valued.contains(name)) {
                    options.put(name, value);
                } else {
                    settings.add(name + "=" + value);
                }
            }
        }
        return new Words(options, alone, settings);
    }

    boolean has(String flag) {
        return options.containsKey(flag);
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }
}
