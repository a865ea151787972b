package io.sluice.sync.consul;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.testing.junit5.server.ServerExtension;
import io.sluice.sync.ConsulAgent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A real agent behind a proxy that can be told to answer something else. */
final class FaultyConsul extends ServerExtension {
    /** What is answered in place of the agent; null lets the agent answer. */
    interface Fault extends Function<RequestHeaders, @Nullable HttpResponse> {}

    static final Fault NONE = request -> null;

    private final ConsulAgent agent;
    private final List<RequestHeaders> asked = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger mostOpen = new AtomicInteger();
    private volatile Fault fault = NONE;

    FaultyConsul(ConsulAgent agent) {
        this.agent = agent;
    }

    @Override
    protected void configure(ServerBuilder server) {
        server.requestTimeoutMillis(0);
        server.serviceUnder("/", (context, request) -> {
            asked.add(request.headers());
            HttpResponse instead = fault.apply(request.headers());
            if (instead != null) {
                return instead;
            }
            mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
            HttpResponse response = WebClient.builder("h1c://127.0.0.1:" + agent.port())
                    .factory(ClientFactory.ofDefault())
                    .responseTimeout(Duration.ZERO)
                    .build()
                    .execute(HttpRequest.of(request.headers()));
            response.whenComplete().whenComplete((ended, failed) -> open.decrementAndGet());
            return response;
        });
    }

    String address(String options) {
        return "consul://127.0.0.1:" + httpPort() + options;
    }

    void fault(Fault fault) {
        this.fault = fault;
    }

    /** No fault, and nothing asked so far. */
    void reset() {
        asked.clear();
        open.set(0);
        mostOpen.set(0);
        fault = NONE;
    }

    List<RequestHeaders> asked() {
        return asked;
    }

    /** How many queries were under way at once at most. */
    int mostOpen() {
        return mostOpen.get();
    }
}
