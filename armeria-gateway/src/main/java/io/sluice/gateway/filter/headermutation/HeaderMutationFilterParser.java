package io.sluice.gateway.filter.headermutation;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.config.common.mutation_rules.v3.HeaderMutation;
import io.envoyproxy.envoy.config.core.v3.KeyValueAppend;
import io.envoyproxy.envoy.config.core.v3.KeyValueMutation;
import io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute;
import io.sluice.gateway.accesslog.Format;
import io.sluice.gateway.filter.HeaderMutationParser;
import io.sluice.gateway.filter.HeaderMutations.Append;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.Change;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.Levels;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.Mutations;
import io.sluice.gateway.filter.headermutation.HeaderMutationFilter.QueryChange;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads Envoy's {@code envoy.extensions.filters.http.header_mutation.v3}. */
public final class HeaderMutationFilterParser implements HttpFilterParser {
    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return HttpFilterParser.unpack(
                        config,
                        io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutation.class,
                        problems)
                .flatMap(message -> mutations(message.getMutations(), problems.at("mutations"))
                        .map(own -> new HeaderMutationFilter.Factory(
                                name, own, message.getMostSpecificHeaderMutationsWins())));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, HeaderMutationPerRoute.class, problems)
                .flatMap(message -> mutations(message.getMutations(), problems.at("mutations")));
    }

    @Override
    public Object combine(List<Object> levels) {
        return new Levels(levels.stream().map(Mutations.class::cast).toList());
    }

    private static Optional<Mutations> mutations(
            io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.Mutations message, Problems problems) {
        List<Change> request = changes(message.getRequestMutationsList(), "request_mutations", problems);
        List<Change> response = changes(message.getResponseMutationsList(), "response_mutations", problems);
        List<QueryChange> query = new ArrayList<>();
        for (int i = 0; i < message.getQueryParameterMutationsCount(); i++) {
            query(message.getQueryParameterMutations(i), problems.at("query_parameter_mutations[" + i + "]"))
                    .ifPresent(query::add);
        }
        boolean whole = request.size() == message.getRequestMutationsCount()
                && response.size() == message.getResponseMutationsCount()
                && query.size() == message.getQueryParameterMutationsCount();
        return whole ? Optional.of(new Mutations(request, query, response)) : Optional.empty();
    }

    private static List<Change> changes(List<HeaderMutation> messages, String field, Problems problems) {
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            change(messages.get(i), problems.at(field + "[" + i + "]")).ifPresent(changes::add);
        }
        return changes;
    }

    private static Optional<Change> change(HeaderMutation message, Problems problems) {
        return switch (message.getActionCase()) {
            case REMOVE -> {
                String name = message.getRemove().toLowerCase(Locale.ROOT);
                yield name.isEmpty() || name.startsWith(":")
                        ? problems.expected("remove", "'" + name + "'", "a header's name, of no pseudo header")
                        : Optional.of(new Change.Remove(name));
            }
            case APPEND ->
                HeaderMutationParser.add(message.getAppend(), problems.at("append"))
                        .map(Change.Add::new);
            case ACTION_NOT_SET -> problems.expected("action", "nothing", "remove or append");
        };
    }

    private static Optional<QueryChange> query(KeyValueMutation message, Problems problems) {
        if (!message.getRemove().isEmpty()) {
            return Optional.of(new QueryChange(message.getRemove(), null, Append.ADD_IF_ABSENT));
        }
        KeyValueAppend append = message.getAppend();
        Problems at = problems.at("append");
        if (!append.hasRecord()) {
            return at.expected("record", "nothing", "a key and a value");
        }
        if (!append.getRecord().getValue().hasStringValue()) {
            return at.at("record")
                    .expected("value", append.getRecord().getValue().getKindCase(), "a string");
        }
        Optional<Append> action = switch (append.getAction()) {
            case APPEND_IF_EXISTS_OR_ADD -> Optional.of(Append.APPEND_IF_EXISTS_OR_ADD);
            case ADD_IF_ABSENT -> Optional.of(Append.ADD_IF_ABSENT);
            case OVERWRITE_IF_EXISTS_OR_ADD -> Optional.of(Append.OVERWRITE_IF_EXISTS_OR_ADD);
            case OVERWRITE_IF_EXISTS -> Optional.of(Append.OVERWRITE_IF_EXISTS);
            case UNRECOGNIZED -> at.expected("action", append.getActionValue(), "a KeyValueAppendAction");
        };
        return Format.parse(
                        append.getRecord().getValue().getStringValue(),
                        at.at("record").at("value"))
                .flatMap(value ->
                        action.map(how -> new QueryChange(append.getRecord().getKey(), value, how)));
    }
}
