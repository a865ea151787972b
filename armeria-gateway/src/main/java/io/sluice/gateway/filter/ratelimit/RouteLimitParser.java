package io.sluice.gateway.filter.ratelimit;

import com.google.common.base.Ascii;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.config.route.v3.RateLimit;
import io.envoyproxy.envoy.config.route.v3.RateLimit.Action;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.type.metadata.v3.MetadataKey;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads {@code rate_limits} of routes, virtual hosts and the filter's per-route configuration. */
public final class RouteLimitParser {
    private static final int MAX_STAGE = 10;
    private static final long MAX_HITS = 1_000_000_000;

    private final HeaderTestParser headerTests;
    private final String localCluster;

    /** @param localCluster this node's own cluster, for {@code source_cluster} */
    public RouteLimitParser(HeaderTestParser headerTests, String localCluster) {
        this.headerTests = headerTests;
        this.localCluster = localCluster;
    }

    @SuppressWarnings("deprecation") // include_vh_rate_limits: Envoy still obeys it
    public Optional<RouteLimit.OfRoute> ofRoute(VirtualHost virtualHost, Route route, Problems problems) {
        if (!route.hasRoute()) {
            return Optional.empty();
        }
        Optional<List<RouteLimit>> own =
                limits(withoutHits(route.getRoute().getRateLimitsList()), problems.at("route"));
        return limits(withoutHits(virtualHost.getRateLimitsList()), problems.at("virtual_host"))
                .flatMap(ofHost -> own.map(ofRoute -> new RouteLimit.OfRoute(
                        ofRoute,
                        ofHost,
                        route.getRoute().getIncludeVhRateLimits().getValue())));
    }

    /** Envoy obeys {@code hits_addend} in the filter's own per-route message only. */
    private static List<RateLimit> withoutHits(List<RateLimit> messages) {
        return messages.stream()
                .map(message -> message.toBuilder().clearHitsAddend().build())
                .toList();
    }

    /** @return empty when something was reported to {@code problems} */
    public Optional<List<RouteLimit>> limits(List<RateLimit> messages, Problems problems) {
        var limits = new ArrayList<RouteLimit>();
        for (int i = 0; i < messages.size(); i++) {
            limit(messages.get(i), problems.at("rate_limits[" + i + "]")).ifPresent(limits::add);
        }
        return limits.size() == messages.size() ? Optional.of(limits) : Optional.empty();
    }

    private Optional<RouteLimit> limit(RateLimit message, Problems problems) {
        int stage = message.getStage().getValue();
        if (stage < 0 || stage > MAX_STAGE) {
            return problems.expected("stage", Integer.toUnsignedLong(stage), "0..10");
        }
        if (message.hasLimit()) {
            return problems.unsupported("limit");
        }
        if (message.getApplyOnStreamDone()) {
            return problems.unsupported("apply_on_stream_done");
        }
        long hits = -1;
        if (message.hasHitsAddend()) {
            if (!message.getHitsAddend().getFormat().isEmpty()) {
                return problems.at("hits_addend").unsupported("format");
            }
            hits = message.getHitsAddend().getNumber().getValue();
            if (hits < 0 || hits > MAX_HITS) {
                return problems.at("hits_addend").expected("number", hits, "0..1000000000");
            }
        }
        var actions = new ArrayList<DescriptorAction>();
        for (int i = 0; i < message.getActionsCount(); i++) {
            action(message.getActions(i), problems.at("actions[" + i + "]")).ifPresent(actions::add);
        }
        return actions.size() == message.getActionsCount()
                ? Optional.of(new RouteLimit(stage, actions, hits))
                : Optional.empty();
    }

    private Optional<? extends DescriptorAction> action(Action action, Problems problems) {
        return switch (action.getActionSpecifierCase()) {
            case SOURCE_CLUSTER -> Optional.of(new DescriptorAction.Fixed("source_cluster", localCluster));
            case DESTINATION_CLUSTER -> Optional.of(new DescriptorAction.DestinationCluster());
            case REMOTE_ADDRESS -> Optional.of(new DescriptorAction.RemoteAddress());
            case MASKED_REMOTE_ADDRESS -> masked(action.getMaskedRemoteAddress(), problems.at("masked_remote_address"));
            case GENERIC_KEY -> {
                Action.GenericKey generic = action.getGenericKey();
                yield Optional.of(new DescriptorAction.Fixed(
                        orDefault(generic.getDescriptorKey(), "generic_key"), generic.getDescriptorValue()));
            }
            case REQUEST_HEADERS -> {
                Action.RequestHeaders header = action.getRequestHeaders();
                yield Optional.of(new DescriptorAction.RequestHeader(
                        Ascii.toLowerCase(header.getHeaderName()),
                        header.getDescriptorKey(),
                        header.getSkipIfAbsent()));
            }
            case QUERY_PARAMETERS -> {
                Action.QueryParameters query = action.getQueryParameters();
                yield Optional.of(new DescriptorAction.QueryParameter(
                        query.getQueryParameterName(), query.getDescriptorKey(), query.getSkipIfAbsent()));
            }
            case HEADER_VALUE_MATCH -> headerMatch(action.getHeaderValueMatch(), problems.at("header_value_match"));
            case METADATA -> metadata(action.getMetadata(), problems.at("metadata"));
            case QUERY_PARAMETER_VALUE_MATCH, DYNAMIC_METADATA, EXTENSION, ACTIONSPECIFIER_NOT_SET ->
                problems.unsupported("action_specifier", action.getActionSpecifierCase());
        };
    }

    private static Optional<DescriptorAction> masked(Action.MaskedRemoteAddress address, Problems problems) {
        int v4 = address.hasV4PrefixMaskLen() ? address.getV4PrefixMaskLen().getValue() : 32;
        int v6 = address.hasV6PrefixMaskLen() ? address.getV6PrefixMaskLen().getValue() : 128;
        if (v4 < 0 || v4 > 32) {
            return problems.expected("v4_prefix_mask_len", v4, "0..32");
        }
        if (v6 < 0 || v6 > 128) {
            return problems.expected("v6_prefix_mask_len", v6, "0..128");
        }
        return Optional.of(new DescriptorAction.MaskedRemoteAddress(v4, v6));
    }

    private Optional<DescriptorAction> headerMatch(Action.HeaderValueMatch match, Problems problems) {
        var tests = new ArrayList<Predicate<RequestHeaders>>();
        List<HeaderMatcher> headers = match.getHeadersList();
        for (int i = 0; i < headers.size(); i++) {
            headerTests.parse(headers.get(i), problems.at("headers[" + i + "]")).ifPresent(tests::add);
        }
        return tests.size() == headers.size()
                ? Optional.of(new DescriptorAction.HeaderMatch(
                        orDefault(match.getDescriptorKey(), "header_match"),
                        match.getDescriptorValue(),
                        !match.hasExpectMatch() || match.getExpectMatch().getValue(),
                        tests))
                : Optional.empty();
    }

    private static Optional<DescriptorAction> metadata(Action.MetaData metadata, Problems problems) {
        return switch (metadata.getSource()) {
            case DYNAMIC -> {
                MetadataKey key = metadata.getMetadataKey();
                yield Optional.of(new DescriptorAction.Metadata(
                        metadata.getDescriptorKey(),
                        key.getKey(),
                        key.getPathList().stream()
                                .map(MetadataKey.PathSegment::getKey)
                                .toList(),
                        metadata.getDefaultValue(),
                        metadata.getSkipIfAbsent()));
            }
            case ROUTE_ENTRY, UNRECOGNIZED -> problems.unsupported("source", metadata.getSource());
        };
    }

    private static String orDefault(String given, String byDefault) {
        return given.isEmpty() ? byDefault : given;
    }
}
