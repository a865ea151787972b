package io.sluice.gateway.compile;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.sluice.gateway.compile.RouteConfigurationParser.ChainedFilter;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Resolves {@code typed_per_filter_config} for one filter chain. What one level says is read once, so that all routes below it share one
 * configuration, and with it what the configuration counts.
 */
final class FilterConfigParser {
    private final List<ChainedFilter> chain;
    private final IdentityHashMap<Any, Level> read = new IdentityHashMap<>();

    FilterConfigParser(List<ChainedFilter> chain) {
        this.chain = List.copyOf(chain);
    }

    /** What one level says of one filter: whether it is off, and its configuration where there is one. */
    private record Level(boolean off, @Nullable Object config) {
        private static final Level OFF = new Level(true, null);
        private static final Level ON = new Level(false, null);
    }

    /**
     * @param levels the most specific first
     * @return per place in the chain, as {@link Route#configs}
     */
    List<@Nullable Object> resolve(List<Map<String, Any>> levels, Problems problems) {
        unknown(levels.getFirst(), problems);
        List<@Nullable Object> configs = new ArrayList<>(chain.size());
        for (ChainedFilter filter : chain) {
            configs.add(resolve(filter, levels, problems));
        }
        return Collections.unmodifiableList(configs);
    }

    private @Nullable Object resolve(ChainedFilter filter, List<Map<String, Any>> levels, Problems problems) {
        List<Object> configs = new ArrayList<>();
        boolean off = filter.off();
        boolean said = false;
        for (Map<String, Any> level : levels) {
            Any config = level.get(filter.name());
            if (config == null) {
                continue;
            }
            Level says = level(filter, config, problems);
            off = said ? off : says.off();
            said = true;
            if (says.config() != null) {
                configs.add(says.config());
            }
        }
        if (off) {
            return Route.DISABLED;
        }
        return configs.isEmpty() ? null : filter.parser().combine(configs);
    }

    private Level level(ChainedFilter filter, Any config, Problems problems) {
        Level known = read.get(config);
        if (known == null) {
            known = parse(filter, config, problems.at("typed_per_filter_config['" + filter.name() + "']"));
            read.put(config, known);
        }
        return known;
    }

    private static Level parse(ChainedFilter filter, Any config, Problems problems) {
        if (!config.is(FilterConfig.class)) {
            return typed(filter, config, problems);
        }
        try {
            FilterConfig wrapper = config.unpack(FilterConfig.class);
            if (wrapper.getDisabled()) {
                return Level.OFF;
            }
            if (!wrapper.hasConfig()) {
                problems.expected("config", "nothing", "a configuration, or disabled: true");
                return Level.ON;
            }
            Any inner = wrapper.getConfig();
            boolean skipped = wrapper.getIsOptional()
                    && !inner.getTypeUrl().equals(filter.parser().routeTypeUrl());
            return inner.getTypeUrl().isEmpty() || skipped ? Level.ON : typed(filter, inner, problems.at("config"));
        } catch (InvalidProtocolBufferException e) {
            problems.wrong("typed_config", String.valueOf(e.getMessage()));
            return Level.ON;
        }
    }

    private static Level typed(ChainedFilter filter, Any config, Problems problems) {
        if (!config.getTypeUrl().equals(filter.parser().routeTypeUrl())) {
            problems.expected("@type", config.getTypeUrl(), wanted(filter));
            return Level.ON;
        }
        Optional<Object> parsed = filter.parser().parseRoute(config, problems);
        return new Level(false, parsed.orElse(null));
    }

    private static String wanted(ChainedFilter filter) {
        String type = filter.parser().routeTypeUrl();
        return type.isEmpty() ? "nothing: the filter has no configuration per route" : type;
    }

    /** Configuration for a filter that is not in the chain: a lock for a door that is not there. */
    private void unknown(Map<String, Any> level, Problems problems) {
        for (String name : level.keySet()) {
            if (chain.stream().noneMatch(filter -> filter.name().equals(name))) {
                problems.expected("typed_per_filter_config", "'" + name + "'", "a filter of the chain");
            }
        }
    }
}
