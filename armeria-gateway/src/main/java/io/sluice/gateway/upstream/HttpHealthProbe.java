package io.sluice.gateway.upstream;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import io.netty.channel.EventLoopGroup;
import io.sluice.gateway.cluster.health.HealthCheckPolicy;
import io.sluice.gateway.cluster.health.HealthProbe;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/** Checks over connections of their own, beside those that carry traffic. */
public final class HttpHealthProbe implements HealthProbe, AutoCloseable {
    private final ClientFactory clients;

    public HttpHealthProbe(EventLoopGroup workers) {
        clients = ClientFactory.builder().workerGroup(workers, false).build();
    }

    @Override
    public void check(io.sluice.gateway.endpoint.Endpoint endpoint, HealthCheckPolicy policy, Consumer<Result> result) {
        InetSocketAddress address = endpoint.address();
        WebClient.builder(
                        policy.http2() ? SessionProtocol.H2C : SessionProtocol.H1C,
                        Endpoint.of(address.getAddress().getHostAddress(), address.getPort()))
                .factory(clients)
                .responseTimeout(policy.timeout())
                .build()
                .execute(RequestHeaders.builder(HttpMethod.GET, policy.path())
                        .authority(policy.host())
                        .set("user-agent", "Envoy/HC")
                        .build())
                .aggregate()
                .handle((response, failure) -> {
                    result.accept(
                            response == null
                                    ? Result.SILENT
                                    : policy.passes(response.status().code()) ? Result.PASSED : Result.REFUSED);
                    return null;
                });
    }

    @Override
    public void close() {
        clients.closeAsync();
    }
}
