package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.StringValue;
import com.google.protobuf.Struct;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.route.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.envoyproxy.envoy.extensions.clusters.dns.v3.DnsCluster;
import io.envoyproxy.envoy.extensions.compression.gzip.compressor.v3.Gzip;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth;
import io.envoyproxy.envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuthPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.basic_auth.v3.BasicAuth;
import io.envoyproxy.envoy.extensions.filters.http.basic_auth.v3.BasicAuthPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.buffer.v3.Buffer;
import io.envoyproxy.envoy.extensions.filters.http.buffer.v3.BufferPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.CompressorPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.http.csrf.v3.CsrfPolicy;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthz;
import io.envoyproxy.envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.grpc_web.v3.GrpcWeb;
import io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutation;
import io.envoyproxy.envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.health_check.v3.HealthCheck;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication;
import io.envoyproxy.envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig;
import io.envoyproxy.envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimit;
import io.envoyproxy.envoy.extensions.filters.http.ratelimit.v3.RateLimitPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBAC;
import io.envoyproxy.envoy.extensions.filters.http.rbac.v3.RBACPerRoute;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.maglev.v3.Maglev;
import io.envoyproxy.envoy.extensions.load_balancing_policies.random.v3.Random;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig;
import io.envoyproxy.envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig;
import io.envoyproxy.envoy.extensions.retry.host.omit_canary_hosts.v3.OmitCanaryHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate;
import io.envoyproxy.envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.util.List;
import java.util.Optional;

/** The one list of messages that may stand in an {@code Any}. What is not here is refused by its type. */
public final class EnvoyTypes {
    private static final List<Message> KNOWN = List.of(
            HttpConnectionManager.getDefaultInstance(),
            Router.getDefaultInstance(),
            RateLimit.getDefaultInstance(),
            RateLimitPerRoute.getDefaultInstance(),
            FilterConfig.getDefaultInstance(),
            HeaderMutation.getDefaultInstance(),
            HeaderMutationPerRoute.getDefaultInstance(),
            Buffer.getDefaultInstance(),
            BufferPerRoute.getDefaultInstance(),
            Cors.getDefaultInstance(),
            CorsPolicy.getDefaultInstance(),
            CsrfPolicy.getDefaultInstance(),
            HTTPFault.getDefaultInstance(),
            Compressor.getDefaultInstance(),
            CompressorPerRoute.getDefaultInstance(),
            Gzip.getDefaultInstance(),
            GrpcWeb.getDefaultInstance(),
            HealthCheck.getDefaultInstance(),
            RBAC.getDefaultInstance(),
            RBACPerRoute.getDefaultInstance(),
            LocalRateLimit.getDefaultInstance(),
            HttpProtocolOptions.getDefaultInstance(),
            FileAccessLog.getDefaultInstance(),
            StdoutAccessLog.getDefaultInstance(),
            StderrAccessLog.getDefaultInstance(),
            RoundRobin.getDefaultInstance(),
            LeastRequest.getDefaultInstance(),
            Random.getDefaultInstance(),
            RingHash.getDefaultInstance(),
            Maglev.getDefaultInstance(),
            PreviousHostsPredicate.getDefaultInstance(),
            OmitCanaryHostsPredicate.getDefaultInstance(),
            PreviousPrioritiesConfig.getDefaultInstance(),
            DnsCluster.getDefaultInstance(),
            UriTemplateMatchConfig.getDefaultInstance(),
            UriTemplateRewriteConfig.getDefaultInstance(),
            ApiKeyAuth.getDefaultInstance(),
            ApiKeyAuthPerRoute.getDefaultInstance(),
            BasicAuth.getDefaultInstance(),
            BasicAuthPerRoute.getDefaultInstance(),
            ExtAuthz.getDefaultInstance(),
            ExtAuthzPerRoute.getDefaultInstance(),
            JwtAuthentication.getDefaultInstance(),
            PerRouteConfig.getDefaultInstance(),
            TlsInspector.getDefaultInstance(),
            HttpInspector.getDefaultInstance(),
            ProxyProtocol.getDefaultInstance(),
            RawBuffer.getDefaultInstance(),
            UpstreamTlsContext.getDefaultInstance(),
            DownstreamTlsContext.getDefaultInstance(),
            StringValue.getDefaultInstance(),
            Struct.getDefaultInstance());

    private EnvoyTypes() {}

    static Optional<Message> known(String typeUrl) {
        String name = typeUrl.substring(typeUrl.lastIndexOf('/') + 1);
        return KNOWN.stream()
                .filter(message -> message.getDescriptorForType().getFullName().equals(name))
                .findFirst();
    }

    /** @return empty where the type is not known */
    static Optional<Message> unpack(Any any) throws InvalidProtocolBufferException {
        Optional<Message> type = known(any.getTypeUrl());
        return type.isEmpty()
                ? Optional.empty()
                : Optional.of(type.get().getParserForType().parseFrom(any.getValue()));
    }

    /** For messages written as JSON. */
    static JsonFormat.TypeRegistry registry() {
        List<Descriptor> descriptors =
                KNOWN.stream().map(Message::getDescriptorForType).toList();
        return JsonFormat.TypeRegistry.newBuilder().add(descriptors).build();
    }

    static List<Message> all() {
        return KNOWN;
    }
}
