package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.sluice.gateway.accesslog.Format;
import io.sluice.gateway.accesslog.StreamInfo;
import java.util.ArrayList;
import java.util.List;

/** Header changes of several levels in the order in which they are made; within a level removes come before adds. */
public record HeaderMutations(List<Level> levels) {
    public static final HeaderMutations NONE = new HeaderMutations(List.of());

    public HeaderMutations {
        levels = levels.stream()
                .filter(level -> !level.remove().isEmpty() || !level.add().isEmpty())
                .toList();
    }

    /** These, then those. */
    public HeaderMutations then(HeaderMutations next) {
        List<Level> all = new ArrayList<>(levels);
        all.addAll(next.levels);
        return new HeaderMutations(all);
    }

    public void apply(HttpHeadersBuilder headers, StreamInfo info) {
        for (Level level : levels) {
            level.remove().forEach(headers::remove);
            for (Add add : level.add()) {
                add.apply(headers, info);
            }
        }
    }

    public record Level(List<String> remove, List<Add> add) {
        public Level {
            remove = List.copyOf(remove);
            add = List.copyOf(add);
        }
    }

    /** @param keepEmpty whether a header with an empty value is written */
    public record Add(String name, Format value, Append append, boolean keepEmpty) {
        public void apply(HttpHeadersBuilder headers, StreamInfo info) {
            String text = value.value(info);
            if (text != null && (!text.isEmpty() || keepEmpty)) {
                write(headers, text);
            }
        }

        private void write(HttpHeadersBuilder headers, String text) {
            switch (append) {
                case APPEND_IF_EXISTS_OR_ADD -> headers.add(name, text);
                case ADD_IF_ABSENT -> {
                    if (!headers.contains(name)) {
                        headers.add(name, text);
                    }
                }
                case OVERWRITE_IF_EXISTS_OR_ADD -> headers.set(name, text);
                case OVERWRITE_IF_EXISTS -> {
                    if (headers.contains(name)) {
                        headers.set(name, text);
                    }
                }
            }
        }
    }

    public enum Append {
        APPEND_IF_EXISTS_OR_ADD,
        ADD_IF_ABSENT,
        OVERWRITE_IF_EXISTS_OR_ADD,
        OVERWRITE_IF_EXISTS
    }
}
