package io.sluice.sync.consul;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.Endpoint;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.client.WebClientBuilder;
import com.linecorp.armeria.client.encoding.DecodingClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.QueryParams;
import com.linecorp.armeria.common.QueryParamsBuilder;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.common.encoding.StreamDecoderFactory;
import com.linecorp.armeria.common.util.EventLoopGroups;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Reads from one Consul agent, on an event loop of its own: however many queries are under way, there is one thread. */
final class ConsulClient implements AutoCloseable {
    /** What Consul adds to a wait is at most a 16th of it; the rest is for the way. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private static final int MAX_ANSWER_BYTES = 64 << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ConsulAddress address;
    private final EventLoopGroup group;
    private final EventLoop loop;
    private final ClientFactory factory;
    private final WebClient web;

    ConsulClient(ConsulAddress address) {
        this.address = address;
        group = EventLoopGroups.newEventLoopGroup(1, "catalog-consul", true);
        loop = group.next();
        factory = ClientFactory.builder()
                .workerGroup(group, false)
                .connectTimeout(Duration.ofSeconds(2))
                .build();
        // H1C: Consul's clear-text port knows no HTTP/2, and would have to be asked first
        WebClientBuilder builder = WebClient.builder(SessionProtocol.H1C, Endpoint.of(address.host(), address.port()))
                .factory(factory)
                .maxResponseLength(MAX_ANSWER_BYTES)
                .responseTimeout(
                        Watch.MAX_WAIT.plus(Watch.MAX_WAIT.dividedBy(16)).plus(GRACE))
                .decorator(DecodingClient.newDecorator(StreamDecoderFactory.gzip()));
        address.token().ifPresent(token -> builder.addHeader("X-Consul-Token", token.value()));
        web = builder.build();
    }

    /** On which every answer arrives. */
    EventLoop loop() {
        return loop;
    }

    /**
     * What Consul says.
     *
     * @param index 0 where there is none
     * @param body a missing node where Consul knows nothing under that path
     * @param filtered whether Consul left out what the token may not read
     */
    record Answer(long index, JsonNode body, boolean filtered) {}

    /** How a query is asked. */
    sealed interface Query {
        /** What is there now. */
        record Now() implements Query {}

        /** What is there now, from a leader that has made sure that it still is one. */
        record Surely() implements Query {}

        /** What is there once it is newer than {@code index}, or after {@code patience}. */
        record After(long index, Duration patience) implements Query {}
    }

    /** Completes on {@link #loop}, exceptionally with whatever went wrong. */
    CompletableFuture<Answer> get(String path, Query query) {
        QueryParamsBuilder params = QueryParams.builder();
        address.datacenter().ifPresent(dc -> params.add("dc", dc));
        switch (query) {
            case Query.Now now -> consistency(params);
            case Query.Surely surely -> params.add("consistent", "");
            case Query.After after -> {
                consistency(params);
                params.add("index", Long.toString(after.index()));
                params.add("wait", after.patience().toMillis() + "ms");
            }
        }
        String separator = path.contains("?") ? "&" : "?";
        String target = params.isEmpty() ? path : path + separator + params.toQueryString();
        return web.execute(HttpRequest.of(RequestHeaders.of(HttpMethod.GET, target)))
                .aggregate()
                .thenApplyAsync(ConsulClient::answer, loop);
    }

    private void consistency(QueryParamsBuilder params) {
        if (address.stale()) {
            params.add("stale", "");
        }
    }

    private static Answer answer(AggregatedHttpResponse response) {
        HttpStatus status = response.status();
        long index = response.headers().getLong("X-Consul-Index", 0);
        boolean filtered = response.headers().contains("X-Consul-Results-Filtered-By-ACLs", "true");
        if (response.headers().contains("X-Consul-KnownLeader", "false")) {
            throw new ConsulException("stale: the server that answered knows no leader");
        }
        if (status.equals(HttpStatus.NOT_FOUND) && index > 0) {
            return new Answer(index, JSON.missingNode(), filtered);
        }
        if (!status.equals(HttpStatus.OK)) {
            String text = response.contentUtf8().strip();
            throw new ConsulException(status + " " + text.substring(0, Math.min(200, text.length())));
        }
        if (response.content().isEmpty()) {
            throw new ConsulException("an empty answer");
        }
        try (InputStream body = response.content().toInputStream()) {
            return new Answer(index, JSON.readTree(body), filtered);
        } catch (IOException e) {
            throw new ConsulException("no JSON: " + e.getMessage());
        }
    }

    /** Ends every query that is under way. Waits for that, unless called on {@link #loop}. */
    @Override
    public void close() {
        if (loop.inEventLoop()) {
            factory.closeAsync();
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        } else {
            factory.close();
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }
}
