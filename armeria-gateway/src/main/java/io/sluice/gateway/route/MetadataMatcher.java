package io.sluice.gateway.route;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What filters must (or, inverted, must not) have found out about a request.
 *
 * @param filter whose metadata
 * @param path through its structures
 */
public record MetadataMatcher(String filter, List<String> path, Value value, boolean invert) implements Condition {
    public MetadataMatcher {
        path = List.copyOf(path);
    }

    public boolean matches(RouteRequest request) {
        return matches(request.metadata(filter));
    }

    /** @param metadata of the filter */
    public boolean matches(Map<String, ? extends @Nullable Object> metadata) {
        Object found = metadata;
        for (String key : path) {
            found = found instanceof Map<?, ?> members ? members.get(key) : null;
        }
        return value.matches(found) != invert;
    }

    /** How a value is compared: a {@link String}, {@link Number}, {@link Boolean}, list or map. */
    public sealed interface Value {
        /** @param value null where there is none */
        boolean matches(@Nullable Object value);

        record Present(boolean expected) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return expected && value != null;
            }
        }

        record Text(ValueMatcher text) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof String actual && text.matches(actual);
            }
        }

        record Truth(boolean expected) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof Boolean actual && actual == expected;
            }
        }

        /** From {@code start} up to but not {@code end}; equal to {@code start} where both are the same. */
        record Range(double start, double end) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                if (!(value instanceof Number number)) {
                    return false;
                }
                double actual = number.doubleValue();
                return start == end ? actual == start : actual >= start && actual < end;
            }
        }

        record OneOf(Value item) implements Value {
            @Override
            public boolean matches(@Nullable Object value) {
                return value instanceof List<?> items && items.stream().anyMatch(item::matches);
            }
        }

        record AnyOf(List<Value> values) implements Value {
            public AnyOf {
                values = List.copyOf(values);
            }

            @Override
            public boolean matches(@Nullable Object value) {
                return values.stream().anyMatch(one -> one.matches(value));
            }
        }
    }
}
