package io.sluice.gateway.filter;

import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.sluice.gateway.accesslog.Format;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads the headers that a message adds. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class HeaderMutationParser {
    private HeaderMutationParser() {}

    public static Optional<HeaderMutations.Add> add(HeaderValueOption option, Problems problems) {
        String name = option.getHeader().getKey().toLowerCase(Locale.ROOT);
        if (name.startsWith(":") || name.equals("host")) {
            return problems.expected("header.key", name, "neither Host nor a pseudo header");
        }
        return anyName(option, problems);
    }

    /** Pseudo headers and Host too. */
    public static Optional<HeaderMutations.Add> anyName(HeaderValueOption option, Problems problems) {
        String name = option.getHeader().getKey().toLowerCase(Locale.ROOT);
        HeaderMutations.Append append = switch (option.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD ->
                option.hasAppend() && !option.getAppend().getValue()
                        ? HeaderMutations.Append.OVERWRITE_IF_EXISTS_OR_ADD
                        : HeaderMutations.Append.APPEND_IF_EXISTS_OR_ADD;
            case ADD_IF_ABSENT -> HeaderMutations.Append.ADD_IF_ABSENT;
            case OVERWRITE_IF_EXISTS_OR_ADD -> HeaderMutations.Append.OVERWRITE_IF_EXISTS_OR_ADD;
            case OVERWRITE_IF_EXISTS -> HeaderMutations.Append.OVERWRITE_IF_EXISTS;
            case UNRECOGNIZED -> {
                problems.expected("append_action", option.getAppendActionValue(), "a HeaderAppendAction");
                yield HeaderMutations.Append.ADD_IF_ABSENT;
            }
        };
        return Format.parse(option.getHeader().getValue(), problems.at("header.value"))
                .map(value -> new HeaderMutations.Add(name, value, append, option.getKeepEmptyValue()));
    }

    /** @param field where they stand */
    public static Optional<HeaderMutations> adds(List<HeaderValueOption> options, String field, Problems problems) {
        List<HeaderMutations.Add> adds = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            add(options.get(i), problems.at(field + "[" + i + "]")).ifPresent(adds::add);
        }
        return adds.size() < options.size()
                ? Optional.empty()
                : Optional.of(new HeaderMutations(List.of(new HeaderMutations.Level(List.of(), adds))));
    }
}
