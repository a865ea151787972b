package io.sluice.gateway.accesslog;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import java.net.InetSocketAddress;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A finished request with round figures; tests override what they ask about. */
public class FakeStream implements StreamInfo {
    private static final long MILLI = 1_000_000;
    private static final long START = 5_000 * MILLI;

    @Override
    public long startMicros() {
        return 1_700_000_000_123_456L;
    }

    @Override
    public long startNanos() {
        return START;
    }

    @Override
    public long requestEndNanos() {
        return START + 3 * MILLI;
    }

    @Override
    public long upstreamFirstRequestByteNanos() {
        return START + 2 * MILLI;
    }

    @Override
    public long upstreamLastRequestByteNanos() {
        return START + 4 * MILLI;
    }

    @Override
    public long upstreamFirstResponseByteNanos() {
        return START + 7 * MILLI;
    }

    @Override
    public long upstreamLastResponseByteNanos() {
        return START + 9 * MILLI;
    }

    @Override
    public long responseFirstByteNanos() {
        return START + 8 * MILLI;
    }

    @Override
    public long endNanos() {
        return START + 12 * MILLI;
    }

    @Override
    public RequestHeaders requestHeaders() {
        return RequestHeaders.of(
                HttpMethod.GET,
                "/orders/1?x=2",
                ":authority",
                "shop.test",
                "user-agent",
                "curl/8",
                "x-request-id",
                "0b8c-1");
    }

    @Override
    public @Nullable ResponseHeaders responseHeaders() {
        return ResponseHeaders.of(HttpStatus.OK, "x-envoy-upstream-service-time", "6");
    }

    @Override
    public @Nullable HttpHeaders responseTrailers() {
        return null;
    }

    @Override
    public String protocol() {
        return "HTTP/1.1";
    }

    @Override
    public int responseCode() {
        return 200;
    }

    @Override
    public String responseCodeDetails() {
        return "via_upstream";
    }

    @Override
    public Set<ResponseFlag> responseFlags() {
        return Set.of();
    }

    @Override
    public long bytesReceived() {
        return 10;
    }

    @Override
    public long bytesSent() {
        return 154;
    }

    @Override
    public InetSocketAddress downstreamLocalAddress() {
        return new InetSocketAddress("10.0.0.9", 8080);
    }

    @Override
    public InetSocketAddress downstreamDirectRemoteAddress() {
        return new InetSocketAddress("10.0.0.1", 40_001);
    }

    @Override
    public InetSocketAddress downstreamRemoteAddress() {
        return new InetSocketAddress("203.0.113.77", 0);
    }

    @Override
    public @Nullable InetSocketAddress upstreamAddress() {
        return new InetSocketAddress("10.0.1.5", 9001);
    }

    @Override
    public @Nullable InetSocketAddress upstreamLocalAddress() {
        return new InetSocketAddress("10.0.0.9", 51_000);
    }

    @Override
    public String upstreamCluster() {
        return "orders";
    }

    @Override
    public String upstreamTransportFailureReason() {
        return "";
    }

    @Override
    public String upstreamProtocol() {
        return "HTTP/2";
    }

    @Override
    public int attempts() {
        return 1;
    }

    @Override
    public String routeName() {
        return "orders-route";
    }

    @Override
    public String virtualHostName() {
        return "shop";
    }

    @Override
    public String virtualClusterName() {
        return "";
    }

    @Override
    public String requestId() {
        return "0b8c-1";
    }

    @Override
    public String traceId() {
        return "";
    }

    @Override
    public String requestedServerName() {
        return "";
    }
}
