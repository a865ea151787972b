package io.sluice.xdsserver.translate.filter;

import com.google.protobuf.Any;
import com.google.protobuf.Empty;
import com.google.protobuf.util.Durations;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtProvider;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtRequirementOrList;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.sluice.sync.model.RouteRule;
import io.sluice.sync.model.TokenProvider;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** {@code auth: {jwt: NAME}} of a route. Routes that say nothing ask for no token. */
final class JwtAuthnFilterTranslator implements HttpFilterTranslator {
    private static final String NAME = "envoy.filters.http.jwt_authn";

    /** Under which the claims stand in the filter's metadata. */
    static final String PAYLOAD = "payload";

    /** The filter's namespace of dynamic metadata. */
    static final String NAMESPACE = NAME;

    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    @Override
    public Optional<HttpFilter> filter(FilterScope scope) {
        if (scope.providers().isEmpty()) {
            return Optional.empty();
        }
        JwtAuthentication.Builder jwt = JwtAuthentication.newBuilder();
        for (TokenProvider provider : scope.providers()) {
            jwt.putProviders(provider.name(), provider(provider));
            jwt.putRequirementMap(requirement(provider.name(), false), of(provider.name()));
            jwt.putRequirementMap(
                    requirement(provider.name(), true),
                    JwtRequirement.newBuilder()
                            .setRequiresAny(JwtRequirementOrList.newBuilder()
                                    .addRequirements(of(provider.name()))
                                    .addRequirements(
                                            JwtRequirement.newBuilder().setAllowMissing(Empty.getDefaultInstance())))
                            .build());
        }
        return Optional.of(HttpFilter.newBuilder()
                .setName(NAME)
                .setTypedConfig(Any.pack(jwt.build()))
                .build());
    }

    private static JwtRequirement of(String provider) {
        return JwtRequirement.newBuilder().setProviderName(provider).build();
    }

    private static String requirement(String provider, boolean optional) {
        return optional ? provider + "?" : provider;
    }

    private static JwtProvider provider(TokenProvider provider) {
        JwtProvider.Builder jwt = JwtProvider.newBuilder()
                .setIssuer(provider.issuer())
                .addAllAudiences(provider.audiences())
                .setForward(provider.forward())
                .setPayloadInMetadata(PAYLOAD);
        switch (provider.keys()) {
            case TokenProvider.Keys.Inline inline ->
                jwt.setLocalJwks(DataSource.newBuilder().setInlineString(inline.set()));
            case TokenProvider.Keys.Served served ->
                jwt.setRemoteJwks(RemoteJwks.newBuilder()
                        .setHttpUri(HttpUri.newBuilder()
                                .setUri("http://" + served.service() + served.path())
                                .setCluster(served.service())
                                .setTimeout(Durations.fromMillis(TIMEOUT.toMillis())))
                        .setCacheDuration(Durations.fromMillis(served.cache().toMillis())));
        }
        return jwt.build();
    }

    @Override
    public Optional<Refusal> refuse(RouteRule rule, FilterScope scope) {
        return rule.auth()
                .filter(auth -> scope.providers().stream()
                        .noneMatch(provider -> provider.name().equals(auth.provider())))
                .map(auth -> new Refusal(
                        "asks for tokens of '" + auth.provider() + "', which is not there", "a provider's name"));
    }

    @Override
    public Optional<Map.Entry<String, Any>> perRoute(RouteRule rule) {
        return rule.auth()
                .map(auth -> Map.entry(
                        NAME,
                        Any.pack(PerRouteConfig.newBuilder()
                                .setRequirementName(requirement(auth.provider(), auth.optional()))
                                .build())));
    }
}
