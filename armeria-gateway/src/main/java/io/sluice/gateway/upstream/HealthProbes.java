package io.sluice.gateway.upstream;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.SessionProtocol;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Header;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Kind;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.Payload;
import io.sluice.gateway.cluster.health.HealthCheckPolicy.StatusRange;
import io.sluice.gateway.cluster.health.HealthProbe;
import io.sluice.gateway.endpoint.Endpoint;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Checks over connections of their own, beside those that carry traffic. */
public final class HealthProbes implements HealthProbe, AutoCloseable {
    private static final String USER_AGENT = "Envoy/HC";
    private static final int SERVING = 1;
    private static final int FRAME_HEAD = 5;
    /** Field 1, a varint: HealthCheckResponse.status. */
    private static final int STATUS_FIELD = 1 << 3;
    /** Field 1, bytes: HealthCheckRequest.service. */
    private static final int SERVICE_FIELD = 1 << 3 | 2;

    private final EventLoopGroup workers;
    private final TcpProbe tcp;
    // made by the first check that wants one: with it come Armeria's client and its TLS, 8 MiB that most sidecars never
    // need
    private @Nullable ClientFactory reusing;
    private @Nullable ClientFactory single;

    public HealthProbes(EventLoopGroup workers) {
        this.workers = workers;
        tcp = new TcpProbe(workers);
    }

    private synchronized ClientFactory factory(boolean reuses) {
        if (reuses) {
            if (reusing == null) {
                reusing = ClientFactory.builder().workerGroup(workers, false).build();
            }
            return reusing;
        }
        if (single == null) {
            single = ClientFactory.builder()
                    .workerGroup(workers, false)
                    .maxNumRequestsPerConnection(1)
                    .build();
        }
        return single;
    }

    @Override
    public void check(Endpoint endpoint, HealthCheckPolicy policy, Consumer<Result> result) {
        String host = endpoint.traits().check().host().isEmpty()
                ? NetUtil.toAddressString(endpoint.address().getAddress())
                : endpoint.traits().check().host();
        int port = port(endpoint, policy);
        switch (policy.kind()) {
            case Kind.Http http ->
                call(http.http2(), host, port, policy, request(http, endpoint), answer -> judged(http, answer), result);
            case Kind.Grpc grpc ->
                call(true, host, port, policy, request(grpc, endpoint), HealthProbes::judged, result);
            case Kind.Tcp expected -> tcp.check(host, port, expected, policy.timeout(), result);
        }
    }

    private static int port(Endpoint endpoint, HealthCheckPolicy policy) {
        if (endpoint.traits().check().port() != 0) {
            return endpoint.traits().check().port();
        }
        return policy.port() == 0 ? endpoint.address().getPort() : policy.port();
    }

    private void call(
            boolean http2,
            String host,
            int port,
            HealthCheckPolicy policy,
            HttpRequest request,
            Function<AggregatedHttpResponse, Result> judge,
            Consumer<Result> result) {
        WebClient.builder(
                        http2 ? SessionProtocol.H2C : SessionProtocol.H1C,
                        com.linecorp.armeria.client.Endpoint.of(host, port))
                .factory(factory(policy.reuses()))
                .responseTimeout(policy.timeout())
                .build()
                .execute(request)
                .aggregate()
                .handle((response, failure) -> {
                    result.accept(response == null ? Result.SILENT : judge.apply(response));
                    return null;
                });
    }

    private static HttpRequest request(Kind.Http http, Endpoint endpoint) {
        String hostname = endpoint.traits().check().hostname();
        RequestHeadersBuilder headers = RequestHeaders.builder(HttpMethod.valueOf(http.method()), http.path())
                .authority(hostname.isEmpty() ? http.host() : hostname)
                .set("user-agent", USER_AGENT);
        add(http.add(), headers);
        http.remove().forEach(headers::remove);
        return HttpRequest.of(headers.build());
    }

    private static void add(List<Header> added, RequestHeadersBuilder headers) {
        for (Header header : added) {
            if (header.append()) {
                headers.add(header.name(), header.value());
            } else {
                headers.set(header.name(), header.value());
            }
        }
    }

    private static Result judged(Kind.Http http, AggregatedHttpResponse answer) {
        int status = answer.status().code();
        if (!StatusRange.any(http.expected(), status)) {
            return StatusRange.any(http.retriable(), status) ? Result.SILENT : Result.REFUSED;
        }
        if (!Payload.allIn(http.receive(), answer.content(StandardCharsets.ISO_8859_1))) {
            return Result.REFUSED;
        }
        return answer.headers().contains("x-envoy-degraded") ? Result.DEGRADED : Result.PASSED;
    }

    // --- grpc.health.v1.Health/Check

    private static HttpRequest request(Kind.Grpc grpc, Endpoint endpoint) {
        String hostname = endpoint.traits().check().hostname();
        RequestHeadersBuilder headers = RequestHeaders.builder(HttpMethod.POST, "/grpc.health.v1.Health/Check")
                .authority(hostname.isEmpty() ? grpc.authority() : hostname)
                .set("content-type", "application/grpc")
                .set("te", "trailers")
                .set("user-agent", USER_AGENT);
        add(grpc.metadata(), headers);
        return HttpRequest.of(headers.build(), HttpData.wrap(framed(grpc.service())));
    }

    private static byte[] framed(String service) {
        byte[] name = service.getBytes(StandardCharsets.UTF_8);
        int length = name.length == 0 ? 0 : 1 + varintLength(name.length) + name.length;
        ByteBuffer frame =
                ByteBuffer.allocate(FRAME_HEAD + length).put((byte) 0).putInt(length);
        if (name.length > 0) {
            frame.put((byte) SERVICE_FIELD);
            int left = name.length;
            for (; left > 0x7F; left >>>= 7) {
                frame.put((byte) (left | 0x80));
            }
            frame.put((byte) left).put(name);
        }
        return frame.array();
    }

    private static int varintLength(int number) {
        return number > 0x3FFF ? 3 : number > 0x7F ? 2 : 1;
    }

    private static Result judged(AggregatedHttpResponse answer) {
        HttpHeaders last = answer.trailers().contains("grpc-status") ? answer.trailers() : answer.headers();
        if (!answer.status().equals(HttpStatus.OK) || !"0".equals(last.get("grpc-status"))) {
            return Result.REFUSED;
        }
        try (HttpData content = answer.content()) {
            ByteBuf bytes = content.byteBuf();
            boolean serving = bytes.readableBytes() == FRAME_HEAD + 2
                    && bytes.getByte(FRAME_HEAD) == STATUS_FIELD
                    && bytes.getByte(FRAME_HEAD + 1) == SERVING;
            return serving ? Result.PASSED : Result.REFUSED;
        }
    }

    @Override
    public synchronized void close() {
        for (ClientFactory made : new ClientFactory[] {reusing, single}) {
            if (made != null) {
                made.closeAsync();
            }
        }
    }
}
