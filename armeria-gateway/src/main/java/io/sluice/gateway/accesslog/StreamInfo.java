package io.sluice.gateway.accesslog;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one request: read by access log, header formatters, tracing and usage. Times are {@link System#nanoTime()}, 0 when
 * it did not happen (yet). Read on the exchange's event loop, or after its end.
 */
public interface StreamInfo {
    /** When the request's headers were complete, wall clock, microseconds since the epoch. */
    long startMicros();

    long startNanos();

    long requestEndNanos();

    long upstreamFirstRequestByteNanos();

    long upstreamLastRequestByteNanos();

    long upstreamFirstResponseByteNanos();

    long upstreamLastResponseByteNanos();

    long responseFirstByteNanos();

    long endNanos();

    /** As received from downstream, after the entry rules and whatever filters changed. */
    RequestHeaders requestHeaders();

    @Nullable
    ResponseHeaders responseHeaders();

    @Nullable
    HttpHeaders responseTrailers();

    /** {@code HTTP/1.1} or {@code HTTP/2}. */
    String protocol();

    /** 0 when nothing was answered. */
    int responseCode();

    /** Envoy's words: {@code via_upstream}, {@code route_not_found}, ...; empty when not known. */
    String responseCodeDetails();

    /** In the order in which they were set. */
    Set<ResponseFlag> responseFlags();

    /** Body bytes only. */
    long bytesReceived();

    long bytesSent();

    InetSocketAddress downstreamLocalAddress();

    /** The peer of the connection. */
    InetSocketAddress downstreamDirectRemoteAddress();

    /** The caller as the XFF rules say; port 0 where it came from a header. */
    InetSocketAddress downstreamRemoteAddress();

    @Nullable
    InetSocketAddress upstreamAddress();

    @Nullable
    InetSocketAddress upstreamLocalAddress();

    String upstreamCluster();

    String upstreamTransportFailureReason();

    String upstreamProtocol();

    int attempts();

    String routeName();

    String virtualHostName();

    /** Empty for none. */
    String virtualClusterName();

    /** The x-request-id. */
    String requestId();

    String traceId();

    /** The name asked for in the TLS handshake. */
    String requestedServerName();

    /** What the caller's connection agreed on, with the caller's certificate; null in clear text. */
    default @Nullable TlsSession tls() {
        return null;
    }

    /** What filters found out so far, by their names; empty where there is nothing. Values as protobuf's Struct has them. */
    default Map<String, @Nullable Object> dynamicMetadata(String filter) {
        return Map.of();
    }

    /** The text of a local reply while it is made; null otherwise. */
    default @Nullable String localReplyBody() {
        return null;
    }

    /** Whether the request only asked whether this node is well. */
    default boolean isHealthCheck() {
        return false;
    }
}
