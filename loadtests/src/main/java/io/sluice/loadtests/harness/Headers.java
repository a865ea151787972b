package io.sluice.loadtests.harness;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Header fields in the order in which they stood on the wire; names in lower case, repeated names kept apart. */
public record Headers(List<Field> fields) {
    public static final Headers NONE = new Headers(List.of());

    public record Field(String name, String value) {}

    public Headers {
        fields = List.copyOf(fields);
    }

    /** @param namesAndValues alternating */
    public static Headers of(String... namesAndValues) {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.add(new Field(namesAndValues[i], namesAndValues[i + 1]));
        }
        return new Headers(fields);
    }

    /** All values of one name joined as RFC 9110 §5.3 allows; empty when there is none. */
    public Optional<String> get(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return fields.stream()
                .filter(field -> field.name().toLowerCase(Locale.ROOT).equals(lower))
                .map(Field::value)
                .reduce((a, b) -> a + "," + b);
    }

    public boolean has(String name) {
        return get(name).isPresent();
    }

    public Headers and(String name, String value) {
        List<Field> more = new ArrayList<>(fields);
        more.add(new Field(name, value));
        return new Headers(more);
    }
}
