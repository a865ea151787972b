package io.sluice.gateway.compile;

import io.sluice.gateway.accesslog.AccessLog;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.LocalReplies;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.Upgrades;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.tracing.TracePolicy;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a listener treats requests: routes, filters and the entry rules, under Envoy's names. Immutable.
 *
 * @param streamIdleTimeout without a byte either way; zero means none
 * @param requestTimeout for the whole request to arrive; zero means none
 * @param maxHeadBytes of a request's line with its headers, and of its trailers
 * @param internalAddresses callers from here are internal; nobody where it is empty
 * @param via appended to requests and responses; null where not set
 * @param bufferBytes at most kept of a message by filters that need more of it before they go on
 * @param upgrades to what requests may be upgraded, where their route does not say
 * @param proxiesContinue whether it is the upstream that says 100, and its other interim answers pass
 * @param outlivesBadRequests whether an HTTP/1 connection goes on after an answer of 400 that is ours
 * @param internalOnlyHeaders taken off what comes from elsewhere
 * @param maxStreamDuration from the first byte of a request to the last of its answer, where its route does not say; zero means none
 */
public record HttpConnectionManager(
        String statPrefix,
        RouteTable<Route> routes,
        FilterChain chain,
        List<AccessLog> accessLogs,
        TracePolicy tracing,
        Duration streamIdleTimeout,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration drainTimeout,
        int maxHeaders,
        int maxHeadBytes,
        Underscores underscores,
        ServerHeader serverHeader,
        String serverName,
        @Nullable String via,
        boolean useRemoteAddress,
        int trustedHops,
        boolean skipXffAppend,
        List<AddressRange> internalAddresses,
        boolean generateRequestId,
        boolean preserveExternalRequestId,
        boolean alwaysSetRequestId,
        boolean normalizePath,
        boolean mergeSlashes,
        EscapedSlashes escapedSlashes,
        HostPort hostPort,
        boolean stripTrailingDot,
        Upgrades upgrades,
        boolean acceptHttp10,
        long http2MaxStreams,
        Duration maxStreamDuration,
        Forwarded forwarded,
        LocalReplies localReplies,
        long bufferBytes,
        List<String> internalOnlyHeaders,
        boolean outlivesBadRequests,
        boolean proxiesContinue,
        Http1 http1,
        ClientCertificates clientCertificates,
        Connections connections) {
    public HttpConnectionManager {
        accessLogs = List.copyOf(accessLogs);
        internalAddresses = List.copyOf(internalAddresses);
        internalOnlyHeaders = List.copyOf(internalOnlyHeaders);
    }

    /**
     * How HTTP/1 is spoken with callers.
     *
     * @param trailers whether they pass, both ways
     * @param absoluteTargets whether targets may name their host
     * @param defaultHost of HTTP/1.0 requests that name none; null for none
     * @param codec whether it is spoken at all
     * @param properCase whether names of headers go out as {@code X-Request-Id}
     */
    public record Http1(
            boolean trailers,
            boolean properCase,
            boolean absoluteTargets,
            @Nullable String defaultHost,
            Codec codec) {}

    /** What is spoken with callers. */
    public enum Codec {
        AUTO,
        HTTP1,
        HTTP2
    }

    /**
     * What is told of the connection in place of what the caller said.
     *
     * @param scheme in place of the connection's; null for that
     * @param port whether x-forwarded-port is set where the caller may not or did not
     * @param node who we are, where requests shall say so
     */
    public record Forwarded(
            @Nullable String scheme, boolean port, @Nullable LocalNode node) {}

    /** What the bootstrap calls us. */
    public record LocalNode(String id, String cluster) {}

    /**
     * What one connection may do.
     *
     * @param headersTimeout for a request's head to arrive; null where the listener does not say, zero where it says none
     * @param maxDuration after which it ends with what is under way; zero means none
     * @param maxRequests after which it ends; zero means any number
     */
    public record Connections(@Nullable Duration headersTimeout, Duration maxDuration, long maxRequests) {}

    /** What happens to headers whose name has an underscore. */
    public enum Underscores {
        ALLOW,
        REJECT_REQUEST,
        DROP_HEADER
    }

    /** What becomes of an upstream's server header. */
    public enum ServerHeader {
        OVERWRITE,
        APPEND_IF_ABSENT,
        PASS_THROUGH
    }

    /** What becomes of {@code %2F} and {@code %5C} in a path. */
    public enum EscapedSlashes {
        KEEP_UNCHANGED,
        REJECT_REQUEST,
        UNESCAPE_AND_REDIRECT,
        UNESCAPE_AND_FORWARD
    }

    /** Which ports are taken off the host. */
    public enum HostPort {
        KEEP,
        STRIP_MATCHING,
        STRIP_ANY
    }
}
