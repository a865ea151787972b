package io.sluice.gateway.filter.extauthz;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.AuthorizationResponse;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.BufferSettings;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.CheckSettings;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.HttpService;
import io.envoyproxy.envoy.type.matcher.v3.ListStringMatcher;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.FractionParser;
import io.sluice.gateway.filter.HeaderMutationParser;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.filter.extauthz.ExtAuthzFilter.BodyPolicy;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.upstream.GrpcCalls;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.xds.Problems;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads Envoy's {@code envoy.extensions.filters.http.ext_authz.v3}. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
public final class ExtAuthzFilterParser implements HttpFilterParser {
    private static final Duration DEFAULT_TIMEOUT = Duration.ofMillis(200);

    private final GrpcCalls grpcCalls;
    private final HttpCalls httpCalls;
    private final StringMatcherParser strings;
    private final MeterRegistry metrics;

    public ExtAuthzFilterParser(
            GrpcCalls grpcCalls, HttpCalls httpCalls, StringMatcherParser strings, MeterRegistry metrics) {
        this.grpcCalls = grpcCalls;
        this.httpCalls = httpCalls;
        this.strings = strings;
        this.metrics = metrics;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        Optional<ExtAuthz> unpacked = HttpFilterParser.unpack(config, ExtAuthz.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        ExtAuthz message = unpacked.get();
        int onError = message.getStatusOnError().getCodeValue();
        ExtAuthzFilter.Settings settings = new ExtAuthzFilter.Settings(
                message.hasFilterEnabled() ? FractionParser.parse(message.getFilterEnabled()) : FractionParser.ALWAYS,
                message.getDenyAtDisable().getDefaultValue().getValue(),
                message.getFailureModeAllow(),
                message.getFailureModeAllowHeaderAdd(),
                onError == 0 ? 403 : onError,
                message.getClearRouteCache(),
                message.getValidateMutations(),
                !message.hasEnableDynamicMetadataIngestion()
                        || message.getEnableDynamicMetadataIngestion().getValue(),
                message.hasWithRequestBody() ? body(message.getWithRequestBody()) : null);
        return service(message, problems)
                .map(service -> new ExtAuthzFilter.Factory(
                        name,
                        settings,
                        service,
                        ExtAuthzFilter.Stats.of(new FilterMeters(metrics, statPrefix), message.getStatPrefix())));
    }

    private static BodyPolicy body(BufferSettings message) {
        return new BodyPolicy(message.getMaxRequestBytes(), message.getAllowPartialMessage());
    }

    private Optional<AuthorizationService> service(ExtAuthz message, Problems problems) {
        Optional<HeaderNames> disallowed = names(message.getDisallowedHeaders(), problems.at("disallowed_headers"));
        Optional<HeaderNames> allowed = names(
                message.hasHttpService() && !message.hasAllowedHeaders()
                        ? message.getHttpService().getAuthorizationRequest().getAllowedHeaders()
                        : message.getAllowedHeaders(),
                problems.at("allowed_headers"));
        if (disallowed.isEmpty() || allowed.isEmpty()) {
            return Optional.empty();
        }
        return switch (message.getServicesCase()) {
            case GRPC_SERVICE ->
                grpc(
                        message.getGrpcService(),
                        messages(message, message.hasAllowedHeaders() ? allowed.get() : null, disallowed.get()),
                        problems.at("grpc_service"));
            case HTTP_SERVICE ->
                http(
                        message.getHttpService(),
                        messages(message, withUsual(allowed.get()), disallowed.get()),
                        problems.at("http_service"));
            case SERVICES_NOT_SET -> problems.expected("services", "none", "grpc_service or http_service");
        };
    }

    private static CheckMessageParser messages(
            ExtAuthz message, @Nullable HeaderNames allowed, HeaderNames disallowed) {
        return new CheckMessageParser(
                allowed,
                disallowed,
                message.getMetadataContextNamespacesList(),
                message.getWithRequestBody().getPackAsBytes(),
                message.getEncodeRawHeaders(),
                message.getIncludePeerCertificate(),
                message.getIncludeTlsSession());
    }

    /** What an HTTP service sees in any case. */
    private static HeaderNames withUsual(HeaderNames allowed) {
        List<ValueMatcher> patterns = new ArrayList<>(allowed.patterns());
        for (String name : List.of("authorization", ":method", ":path", ":authority")) {
            patterns.add(new ValueMatcher.Exact(name, false));
        }
        return new HeaderNames(patterns);
    }

    private Optional<AuthorizationService> grpc(GrpcService service, CheckMessageParser messages, Problems problems) {
        if (!service.hasEnvoyGrpc()) {
            return problems.unsupported("target_specifier", service.getTargetSpecifierCase());
        }
        if (!service.getEnvoyGrpc().getAuthority().isEmpty()) {
            return problems.at("envoy_grpc").unsupported("authority");
        }
        Map<String, String> metadata = new HashMap<>();
        for (HeaderValue header : service.getInitialMetadataList()) {
            metadata.put(header.getKey(), header.getValue());
        }
        return Optional.of(new GrpcAuthorization(
                grpcCalls,
                service.getEnvoyGrpc().getClusterName(),
                metadata,
                service.hasTimeout() ? duration(service.getTimeout()) : DEFAULT_TIMEOUT,
                messages));
    }

    private Optional<AuthorizationService> http(HttpService service, CheckMessageParser messages, Problems problems) {
        AuthorizationResponse response = service.getAuthorizationResponse();
        Problems in = problems.at("authorization_response");
        Optional<HeaderNames> toUpstream =
                names(response.getAllowedUpstreamHeaders(), in.at("allowed_upstream_headers"));
        Optional<HeaderNames> added =
                names(response.getAllowedUpstreamHeadersToAppend(), in.at("allowed_upstream_headers_to_append"));
        Optional<HeaderNames> toClient = names(response.getAllowedClientHeaders(), in.at("allowed_client_headers"));
        Optional<HeaderNames> onSuccess =
                names(response.getAllowedClientHeadersOnSuccess(), in.at("allowed_client_headers_on_success"));
        Optional<HeaderNames> toMetadata =
                names(response.getDynamicMetadataFromHeaders(), in.at("dynamic_metadata_from_headers"));
        Optional<HeaderMutations> more = HeaderMutationParser.adds(
                service.getAuthorizationRequest().getHeadersToAddList().stream()
                        .map(ExtAuthzFilterParser::overwriting)
                        .toList(),
                "headers_to_add",
                problems.at("authorization_request"));
        if (toUpstream.isEmpty()
                || added.isEmpty()
                || toClient.isEmpty()
                || onSuccess.isEmpty()
                || toMetadata.isEmpty()
                || more.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new HttpAuthorization(
                httpCalls,
                service.getServerUri().getCluster(),
                service.getServerUri().hasTimeout()
                        ? duration(service.getServerUri().getTimeout())
                        : DEFAULT_TIMEOUT,
                service.getPathPrefix(),
                messages,
                more.get(),
                new HttpAuthorization.Response(
                        toUpstream.get(),
                        added.get(),
                        toClient.get().patterns().isEmpty() ? null : withChallenge(toClient.get()),
                        onSuccess.get(),
                        toMetadata.get())));
    }

    private static HeaderValueOption overwriting(HeaderValue header) {
        return HeaderValueOption.newBuilder()
                .setHeader(header)
                .setAppendAction(HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)
                .build();
    }

    /** What a caller hears of a refusal in any case. */
    private static HeaderNames withChallenge(HeaderNames toClient) {
        List<ValueMatcher> patterns = new ArrayList<>(toClient.patterns());
        for (String name : List.of("content-length", "www-authenticate", "location")) {
            patterns.add(new ValueMatcher.Exact(name, false));
        }
        return new HeaderNames(patterns);
    }

    private Optional<HeaderNames> names(ListStringMatcher list, Problems problems) {
        List<ValueMatcher> patterns = new ArrayList<>();
        for (int i = 0; i < list.getPatternsCount(); i++) {
            strings.parse(list.getPatterns(i), problems.at("patterns[" + i + "]"))
                    .ifPresent(patterns::add);
        }
        return patterns.size() == list.getPatternsCount() ? Optional.of(new HeaderNames(patterns)) : Optional.empty();
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofNanos(Durations.toNanos(duration));
    }

    // --- routes

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        Optional<ExtAuthzPerRoute> unpacked = HttpFilterParser.unpack(config, ExtAuthzPerRoute.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        ExtAuthzPerRoute message = unpacked.get();
        return switch (message.getOverrideCase()) {
            case DISABLED -> Optional.of(new ExtAuthzFilter.PerRoute(true, Map.of(), false, null));
            case CHECK_SETTINGS -> {
                CheckSettings settings = message.getCheckSettings();
                if (settings.getDisableRequestBodyBuffering() && settings.hasWithRequestBody()) {
                    yield problems.at("check_settings")
                            .wrong("with_request_body", "and disable_request_body_buffering (expected: one of them)");
                }
                yield Optional.of(new ExtAuthzFilter.PerRoute(
                        false,
                        settings.getContextExtensionsMap(),
                        settings.getDisableRequestBodyBuffering(),
                        settings.hasWithRequestBody() ? body(settings.getWithRequestBody()) : null));
            }
            case OVERRIDE_NOT_SET -> problems.expected("override", "none", "disabled or check_settings");
        };
    }

    /** The context extensions of all levels, the most specific ones winning; the rest of the most specific level. */
    @Override
    public Object combine(List<Object> levels) {
        ExtAuthzFilter.PerRoute first = (ExtAuthzFilter.PerRoute) levels.getFirst();
        Map<String, String> extensions = new HashMap<>();
        for (Object level : levels.reversed()) {
            extensions.putAll(((ExtAuthzFilter.PerRoute) level).extensions());
        }
        return new ExtAuthzFilter.PerRoute(first.off(), extensions, first.bodyless(), first.body());
    }
}
