package io.sluice.gateway.filter.jwt;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtHeader;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.RequirementRule;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.RequestTestParser;
import io.sluice.gateway.filter.StringMatcherParser;
import io.sluice.gateway.filter.jwt.JwkSetReader.UnusableException;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.RetryPolicy;
import io.sluice.gateway.xds.Problems;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Reads Envoy's {@code envoy.extensions.filters.http.jwt_authn.v3}. */
public final class JwtFilterParser implements HttpFilterParser {
    private static final Duration DEFAULT_CACHED = Duration.ofMinutes(10);
    private static final Duration DEFAULT_REFETCH = Duration.ofSeconds(1);
    private static final int DEFAULT_SKEW_SECONDS = 60;
    private static final int DEFAULT_CACHE_SIZE = 1000;
    private static final int DEFAULT_CACHED_TOKEN_LENGTH = 4096;

    private final RequestTestParser matches;
    private final StringMatcherParser strings;
    private final HttpCalls calls;
    private final MeterRegistry metrics;
    private final InstantSource clock;
    private final LongSupplier nanoTime;
    /** One for each address, whichever filters use it and however often the configuration is read anew. */
    private final Map<RemoteKeys.Address, WeakReference<RemoteKeys>> remote = new ConcurrentHashMap<>();

    public JwtFilterParser(
            RequestTestParser matches,
            StringMatcherParser strings,
            HttpCalls calls,
            MeterRegistry metrics,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.matches = matches;
        this.strings = strings;
        this.calls = calls;
        this.metrics = metrics;
        this.clock = clock;
        this.nanoTime = nanoTime;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        Optional<JwtAuthentication> unpacked = HttpFilterParser.unpack(config, JwtAuthentication.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        JwtAuthentication message = unpacked.get();
        if (message.hasFilterStateRules()) {
            return problems.unsupported("filter_state_rules");
        }
        JwtStats stats = JwtStats.of(new FilterMeters(metrics, statPrefix), message.getStatPrefix());
        Map<String, Provider> providers = new TreeMap<>();
        message.getProvidersMap()
                .forEach((key, provider) -> provider(key, provider, stats, problems.at("providers['" + key + "']"))
                        .ifPresent(parsed -> providers.put(key, parsed)));
        if (providers.size() < message.getProvidersCount()) {
            return Optional.empty();
        }
        Map<String, Requirement> named = new HashMap<>();
        message.getRequirementMapMap()
                .forEach((key, requirement) -> requirement(
                                requirement, providers, problems.at("requirement_map['" + key + "']"))
                        .ifPresent(parsed -> named.put(key, parsed)));
        List<JwtFilter.Rule> rules = new ArrayList<>();
        for (int i = 0; i < message.getRulesCount(); i++) {
            rule(message.getRules(i), providers, message, named, problems.at("rules[" + i + "]"))
                    .ifPresent(rules::add);
        }
        if (named.size() < message.getRequirementMapCount() || rules.size() < message.getRulesCount()) {
            return Optional.empty();
        }
        Set<KeySource> keys = new HashSet<>();
        providers.values().forEach(provider -> keys.add(provider.keys()));
        return Optional.of(new JwtFilter.Factory(
                name,
                rules,
                named,
                keys,
                message.getBypassCorsPreflight(),
                message.getStripFailureResponse(),
                clock,
                stats));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        Optional<PerRouteConfig> unpacked = HttpFilterParser.unpack(config, PerRouteConfig.class, problems);
        if (unpacked.isEmpty()) {
            return Optional.empty();
        }
        PerRouteConfig message = unpacked.get();
        return switch (message.getRequirementSpecifierCase()) {
            case DISABLED -> Optional.of(new JwtFilter.PerRoute.Off());
            case REQUIREMENT_NAME -> Optional.of(new JwtFilter.PerRoute.Named(message.getRequirementName()));
            case REQUIREMENTSPECIFIER_NOT_SET ->
                problems.expected("requirement_specifier", "none", "disabled or requirement_name");
        };
    }

    // --- what a request must show

    private Optional<JwtFilter.Rule> rule(
            RequirementRule rule,
            Map<String, Provider> providers,
            JwtAuthentication message,
            Map<String, Requirement> named,
            Problems problems) {
        RouteMatch match = rule.getMatch();
        Problems inMatch = problems.at("match");
        if (match.hasGrpc() || match.hasRuntimeFraction()) { // Envoy's filter passes over them: a hole in a fence
            return inMatch.unsupported(match.hasGrpc() ? "grpc" : "runtime_fraction");
        }
        return matches.parse(match, inMatch).flatMap(test -> switch (rule.getRequirementTypeCase()) {
            case REQUIRES ->
                requirement(rule.getRequires(), providers, problems.at("requires"))
                        .map(requirement -> new JwtFilter.Rule(test, requirement));
            case REQUIREMENT_NAME -> {
                Requirement requirement = named.get(rule.getRequirementName());
                yield requirement == null
                        ? problems.expected(
                                "requirement_name",
                                rule.getRequirementName(),
                                "one of " + new TreeMap<>(message.getRequirementMapMap()).keySet())
                        : Optional.of(new JwtFilter.Rule(test, requirement));
            }
            case REQUIREMENTTYPE_NOT_SET -> Optional.of(new JwtFilter.Rule(test, null));
        });
    }

    private static Optional<Requirement> requirement(
            JwtRequirement requirement, Map<String, Provider> providers, Problems problems) {
        return switch (requirement.getRequiresTypeCase()) {
            case PROVIDER_NAME -> token(requirement.getProviderName(), null, providers, problems);
            case PROVIDER_AND_AUDIENCES -> {
                List<String> audiences = requirement.getProviderAndAudiences().getAudiencesList();
                yield token(
                        requirement.getProviderAndAudiences().getProviderName(),
                        audiences.isEmpty() ? null : Audiences.of(audiences),
                        providers,
                        problems.at("provider_and_audiences"));
            }
            case REQUIRES_ANY ->
                any(requirement.getRequiresAny().getRequirementsList(), providers, problems.at("requires_any"));
            case REQUIRES_ALL ->
                all(requirement.getRequiresAll().getRequirementsList(), providers, problems.at("requires_all"))
                        .map(Requirement.All::new);
            case ALLOW_MISSING -> Optional.of(optional(providers, false));
            case ALLOW_MISSING_OR_FAILED -> Optional.of(optional(providers, true));
            case REQUIRESTYPE_NOT_SET -> Optional.of(new Requirement.Nothing());
        };
    }

    private static Optional<Requirement> token(
            String name, @Nullable Audiences audiences, Map<String, Provider> providers, Problems problems) {
        Provider provider = providers.get(name);
        return provider == null
                ? problems.expected("provider_name", name, "one of " + providers.keySet())
                : Optional.of(new Requirement.Token(provider, audiences, TokenPlaces.of(List.of(provider.places()))));
    }

    private static Requirement optional(Map<String, Provider> providers, boolean failedToo) {
        return new Requirement.Optional(
                List.copyOf(providers.values()),
                TokenPlaces.of(providers.values().stream().map(Provider::places).toList()),
                failedToo);
    }

    private static Optional<Requirement> any(
            List<JwtRequirement> messages, Map<String, Provider> providers, Problems problems) {
        List<JwtRequirement> regular = new ArrayList<>();
        boolean missing = false;
        boolean failed = false;
        for (JwtRequirement message : messages) {
            switch (message.getRequiresTypeCase()) {
                case ALLOW_MISSING -> missing = true;
                case ALLOW_MISSING_OR_FAILED -> failed = true;
                default -> regular.add(message);
            }
        }
        if (regular.isEmpty() && (missing || failed)) {
            return Optional.of(optional(providers, failed));
        }
        boolean allowMissing = missing;
        boolean allowFailed = failed;
        return all(regular, providers, problems).map(of -> new Requirement.Any(of, allowMissing, allowFailed));
    }

    private static Optional<List<Requirement>> all(
            List<JwtRequirement> messages, Map<String, Provider> providers, Problems problems) {
        List<Requirement> parsed = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            requirement(messages.get(i), providers, problems.at("requirements[" + i + "]"))
                    .ifPresent(parsed::add);
        }
        return parsed.size() == messages.size() ? Optional.of(parsed) : Optional.empty();
    }

    // --- whose tokens

    private Optional<Provider> provider(String name, JwtProvider message, JwtStats stats, Problems problems) {
        Optional<KeySource> keys = switch (message.getJwksSourceSpecifierCase()) {
            case LOCAL_JWKS -> local(message.getLocalJwks(), problems.at("local_jwks"));
            case REMOTE_JWKS -> remote(message.getRemoteJwks(), stats, problems.at("remote_jwks"));
            case JWKSSOURCESPECIFIER_NOT_SET ->
                problems.expected("jwks_source_specifier", "none", "remote_jwks or local_jwks");
        };
        Optional<ValueMatcher> subjects = message.hasSubjects()
                ? strings.parse(message.getSubjects(), problems.at("subjects"))
                : Optional.empty();
        if (keys.isEmpty() || (message.hasSubjects() && subjects.isEmpty())) {
            return Optional.empty();
        }
        List<String> ownHeaders = new ArrayList<>();
        if (!message.getForwardPayloadHeader().isEmpty()) {
            ownHeaders.add(message.getForwardPayloadHeader());
        }
        message.getClaimToHeadersList().forEach(claim -> ownHeaders.add(claim.getHeaderName()));
        return Optional.of(new Provider(
                name,
                message.getIssuer(),
                Audiences.of(message.getAudiencesList()),
                subjects.orElse(null),
                message.getRequireExpiration(),
                message.hasMaxLifetime() ? duration(message.getMaxLifetime()) : null,
                message.getClockSkewSeconds() == 0
                        ? DEFAULT_SKEW_SECONDS
                        : Integer.toUnsignedLong(message.getClockSkewSeconds()),
                keys.get(),
                new TokenPlaces.Spec(
                        message.getIssuer(),
                        message.getFromHeadersList().stream()
                                .map(JwtFilterParser::headerPlace)
                                .toList(),
                        message.getFromParamsList(),
                        message.getFromCookiesList(),
                        ownHeaders),
                message.getForward(),
                message.getForwardPayloadHeader(),
                message.getPadForwardPayloadHeader(),
                message.getClaimToHeadersList().stream()
                        .map(JwtFilterParser::claimHeader)
                        .toList(),
                new Provider.Metadata(
                        message.getPayloadInMetadata(),
                        message.getNormalizePayloadInMetadata().getSpaceDelimitedClaimsList(),
                        message.getHeaderInMetadata(),
                        message.getFailedStatusInMetadata()),
                message.getClearRouteCache(),
                cache(message)));
    }

    private static TokenPlaces.HeaderPlace headerPlace(JwtHeader header) {
        return new TokenPlaces.HeaderPlace(header.getName(), header.getValuePrefix());
    }

    private static Provider.ClaimHeader claimHeader(JwtClaimToHeader claim) {
        return new Provider.ClaimHeader(claim.getHeaderName(), claim.getClaimName());
    }

    private static TokenCache cache(JwtProvider message) {
        int size = message.getJwtCacheConfig().getJwtCacheSize();
        int longest = message.getJwtCacheConfig().getJwtMaxTokenSize();
        return new TokenCache(
                size == 0 ? DEFAULT_CACHE_SIZE : size, longest == 0 ? DEFAULT_CACHED_TOKEN_LENGTH : longest);
    }

    private static Optional<KeySource> local(DataSource source, Problems problems) {
        byte[] json;
        switch (source.getSpecifierCase()) {
            case INLINE_STRING -> json = source.getInlineString().getBytes(StandardCharsets.UTF_8);
            case INLINE_BYTES -> json = source.getInlineBytes().toByteArray();
            case FILENAME, ENVIRONMENT_VARIABLE, SPECIFIER_NOT_SET -> {
                return problems.unsupported("specifier", source.getSpecifierCase());
            }
            default -> throw new AssertionError(source.getSpecifierCase());
        }
        try {
            return Optional.of(new KeySource.Local(JwkSetReader.read(json)));
        } catch (UnusableException e) {
            return problems.wrong("inline_string", String.valueOf(e.getMessage()));
        }
    }

    private Optional<KeySource> remote(RemoteJwks message, JwtStats stats, Problems problems) {
        URI uri;
        try {
            uri = new URI(message.getHttpUri().getUri());
        } catch (URISyntaxException e) {
            return problems.at("http_uri").expected("uri", message.getHttpUri().getUri(), "an absolute URI");
        }
        if (uri.getRawAuthority() == null || (!"http".equals(uri.getScheme()) && !"https".equals(uri.getScheme()))) {
            return problems.at("http_uri")
                    .expected("uri", message.getHttpUri().getUri(), "an absolute URI of http or https");
        }
        String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        RemoteKeys.Address address = new RemoteKeys.Address(
                message.getHttpUri().getCluster(),
                uri.getRawAuthority(),
                uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery(),
                "https".equals(uri.getScheme()),
                duration(message.getHttpUri().getTimeout()),
                message.hasCacheDuration() ? duration(message.getCacheDuration()) : DEFAULT_CACHED,
                !message.hasAsyncFetch()
                        ? null
                        : message.getAsyncFetch().hasFailedRefetchDuration()
                                ? duration(message.getAsyncFetch().getFailedRefetchDuration())
                                : DEFAULT_REFETCH,
                message.hasRetryPolicy() ? retry(message.getRetryPolicy()) : RetryPolicy.NONE);
        return Optional.of(keys(address, stats));
    }

    private RemoteKeys keys(RemoteKeys.Address address, JwtStats stats) {
        WeakReference<RemoteKeys> known = remote.get(address);
        RemoteKeys keys = known == null ? null : known.get();
        if (keys == null) {
            keys = new RemoteKeys(address, calls, nanoTime, stats);
            remote.values().removeIf(reference -> reference.get() == null);
            remote.put(address, new WeakReference<>(keys));
        }
        return keys;
    }

    private static RetryPolicy retry(io.envoyproxy.envoy.config.core.v3.RetryPolicy message) {
        Duration base = message.getRetryBackOff().hasBaseInterval()
                ? duration(message.getRetryBackOff().getBaseInterval())
                : Duration.ofSeconds(1);
        return RetryPolicy.of(
                RetryPolicy.RetryOn.parse("5xx,gateway-error,connect-failure,reset"),
                message.hasNumRetries() ? message.getNumRetries().getValue() : 1,
                base,
                message.getRetryBackOff().hasMaxInterval()
                        ? duration(message.getRetryBackOff().getMaxInterval())
                        : base.multipliedBy(10));
    }

    private static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofNanos(Durations.toNanos(duration));
    }
}
