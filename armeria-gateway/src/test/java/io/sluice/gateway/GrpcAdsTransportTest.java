package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpResponseWriter;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.Server;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.cluster.ClusterSet;
import io.sluice.gateway.compile.CompiledConfig;
import io.sluice.gateway.compile.ConfigParser;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.compile.HttpConnectionManagerParser;
import io.sluice.gateway.compile.ListenerParser;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.filter.router.RouterFilterParser;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.Secrets;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.upstream.GrpcStreams;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.AdsClient;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.LastGood;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.ResourceKind;
import io.sluice.gateway.xds.Resources;
import io.sluice.gateway.xds.SupportMatrix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The xDS client over real HTTP/2, with the real compiler behind it. */
class GrpcAdsTransportTest {
    private static final String SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService/";
    private static final String CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    private static final String LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener";

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private final List<HttpHeadersSeen> calls = new CopyOnWriteArrayList<>();
    private final List<byte[]> requests = new CopyOnWriteArrayList<>();
    private volatile CompiledConfig live = new CompiledConfig(List.of(), Map.of(), List.of(), Secrets.NONE);
    private Server server = server(0);

    @TempDir
    Path folder = Path.of("");

    private record HttpHeadersSeen(String path, String authorization, HttpResponseWriter response) {}

    private Server server(int port) {
        return Server.builder()
                .http(port)
                .requestTimeoutMillis(0)
                .maxRequestLength(0)
                .gracefulShutdownTimeoutMillis(0, 0)
                .serviceUnder(SERVICE, (ctx, request) -> answer(request))
                .build();
    }

    private HttpResponse answer(HttpRequest request) {
        HttpResponseWriter response = HttpResponse.streaming();
        response.write(ResponseHeaders.of(HttpStatus.OK, "content-type", "application/grpc"));
        calls.add(new HttpHeadersSeen(request.path(), request.headers().get("authorization", ""), response));
        ByteBuf received = Unpooled.buffer();
        request.subscribe(new org.reactivestreams.Subscriber<>() {
            @Override
            public void onSubscribe(org.reactivestreams.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(com.linecorp.armeria.common.HttpObject object) {
                if (object instanceof HttpData data) {
                    received.writeBytes(data.array());
                    while (received.readableBytes() >= 5
                            && received.readableBytes() >= 5 + received.getInt(received.readerIndex() + 1)) {
                        received.skipBytes(1);
                        byte[] message = new byte[received.readInt()];
                        received.readBytes(message);
                        requests.add(message);
                    }
                }
            }

            @Override
            public void onError(Throwable cause) {}

            @Override
            public void onComplete() {}
        });
        return response;
    }

    private void say(Message message) {
        byte[] bytes = message.toByteArray();
        calls.getLast()
                .response()
                .write(HttpData.wrap(ByteBuffer.allocate(5 + bytes.length)
                        .put((byte) 0)
                        .putInt(bytes.length)
                        .put(bytes)
                        .array()));
    }

    private AdsClient start(boolean delta) throws IOException {
        server.start().join();
        Path bootstrap = Files.writeString(
                folder.resolve("b.yaml"), """
                    node: {id: n1, cluster: edge}
                    dynamic_resources:
                      cds_config: {ads: {}}
                      lds_config: {ads: {}}
                      ads_config:
                        api_type: %s
                        grpc_services: [{envoy_grpc: {cluster_name: xds}, initial_metadata: [{key: Authorization, value: Bearer x}]}]
                    static_resources:
                      clusters:
                      - name: xds
                        connect_timeout: 1s
                        typed_extension_protocol_options:
                          envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
                            "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
                            explicit_http_config: {http2_protocol_options: {}}
                        load_assignment:
                          cluster_name: xds
                          endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: %d}}}}]}]
                    """.formatted(delta ? "DELTA_GRPC" : "GRPC", server.activeLocalPort()));
        Problems problems = Problems.of("b");
        SupportMatrix matrix = SupportMatrix.load();
        BootstrapParser.Start start =
                BootstrapParser.parse(bootstrap, "", "", matrix, problems).orElseThrow();
        assertThat(problems.list()).isEmpty();
        ClusterSet clusters =
                new ClusterSet((endpoint, policy, result) -> {}, (name, result) -> {}, timer, System::nanoTime);
        PooledUpstream upstream = new PooledUpstream(metrics);
        RequestHeaderTestParser headerTests = new RequestHeaderTestParser();
        ConfigParser config = new ConfigParser(
                start.statics(),
                new ListenerParser(
                        new HttpConnectionManagerParser(
                                List.of(new RouterFilterParser(clusters, upstream)),
                                new AccessLogParser(new LogSinks(metrics), headerTests),
                                false,
                                new LocalNode("", "")),
                        new TlsContextParser(new DataSourceParser(List.of()))),
                new TlsContextParser(new DataSourceParser(List.of())),
                compiled -> {
                    live = compiled;
                    clusters.update(compiled.clusters(), compiled.assignments());
                    return Map.of();
                });
        config.publish(config.compile(new Resources(), Set.of()));
        AdsClient client = new AdsClient(
                new GrpcAdsTransport(
                        new GrpcStreams(upstream, clusters, loops),
                        start.adsCluster().orElseThrow(),
                        start.adsMetadata()),
                !start.fullState(),
                start,
                config,
                matrix,
                new LastGood(null, Runnable::run),
                metrics,
                timer,
                InstantSource.system(),
                new Random(1));
        client.start();
        return client;
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
        server.stop().join();
        loops.shutdownGracefully();
    }

    private <T> List<T> requests(Parse<T> parse) {
        return requests.stream()
                .map(bytes -> {
                    try {
                        return parse.parse(bytes);
                    } catch (InvalidProtocolBufferException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();
    }

    private interface Parse<T> {
        T parse(byte[] bytes) throws InvalidProtocolBufferException;
    }

    private static Cluster cluster(String name) {
        return Cluster.newBuilder().setName(name).build();
    }

    @Test
    void followsADeltaServerAndComesBackToIt() throws IOException {
        AdsClient client = start(true);
        await().until(() -> requests.size() == 2);
        assertThat(calls.getFirst().path()).isEqualTo(SERVICE + "DeltaAggregatedResources");
        assertThat(calls.getFirst().authorization()).isEqualTo("Bearer x");
        assertThat(requests(DeltaDiscoveryRequest::parseFrom)
                        .getFirst()
                        .getNode()
                        .getId())
                .isEqualTo("n1");

        say(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(CLUSTERS)
                .setNonce("c1")
                .addResources(Resource.newBuilder().setName("a").setVersion("1").setResource(Any.pack(cluster("a"))))
                .build());
        await().until(() -> requests.size() == 3);
        assertThat(requests(DeltaDiscoveryRequest::parseFrom).getLast().getResponseNonce())
                .isEqualTo("c1");
        assertThat(live.clusters()).extracting(spec -> spec.name()).contains("a", "xds");

        int port = server.activeLocalPort();
        server.stop().join();
        await().until(() -> client.view().lostSince() != null);
        assertThat(live.clusters()).extracting(spec -> spec.name()).contains("a");
        requests.clear();
        server = server(port);
        server.start().join();
        await().until(() -> requests.size() == 2);
        assertThat(requests(DeltaDiscoveryRequest::parseFrom).getFirst().getInitialResourceVersionsMap())
                .isEqualTo(Map.of("a", "1"));
        say(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(CLUSTERS)
                .setNonce("c2")
                .build());
        await().until(() -> client.view().lostSince() == null);
    }

    @Test
    void followsAFullStateServer() throws IOException {
        start(false);
        await().until(() -> requests.size() == 2);
        assertThat(calls.getFirst().path()).isEqualTo(SERVICE + "StreamAggregatedResources");
        say(DiscoveryResponse.newBuilder()
                .setTypeUrl(CLUSTERS)
                .setNonce("c1")
                .setVersionInfo("7")
                .addResources(Any.pack(cluster("a")))
                .build());
        await().until(() -> requests.size() == 3);
        DiscoveryRequest ack = requests(DiscoveryRequest::parseFrom).getLast();
        assertThat(ack.getVersionInfo()).isEqualTo("7");
        assertThat(ack.getResponseNonce()).isEqualTo("c1");
        assertThat(ack.hasErrorDetail()).isFalse();
    }

    @Test
    void refusesAListenerThatDoesNotCompileAndTakesTheOneBesideIt() throws IOException {
        AdsClient client = start(true);
        await().until(() -> requests.size() == 2);
        Listener good = good("good");
        Listener bad = good.toBuilder()
                .setName("bad")
                .setFilterChains(
                        0,
                        good.getFilterChains(0).toBuilder()
                                .addFilters(good.getFilterChains(0).getFilters(0)))
                .build();
        say(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl(LISTENERS)
                .setNonce("l1")
                .addResources(
                        Resource.newBuilder().setName("bad").setVersion("1").setResource(Any.pack(bad)))
                .addResources(
                        Resource.newBuilder().setName("good").setVersion("1").setResource(Any.pack(good)))
                .build());
        await().until(() -> requests.size() == 3);
        assertThat(requests(DeltaDiscoveryRequest::parseFrom)
                        .getLast()
                        .getErrorDetail()
                        .getMessage())
                .isEqualTo("Listener 'bad' > filter_chains[0] > filters: 2 of them (expected: one, an"
                        + " HttpConnectionManager)");
        assertThat(live.listeners()).extracting(port -> port.name()).containsExactly("good");
        assertThat(client.view().refused()).containsOnlyKeys(new ResourceKey(ResourceKind.LISTENER, "bad"));
    }

    private Listener good(String name) throws IOException {
        Path file = Files.writeString(folder.resolve("good.yaml"), """
            static_resources:
              listeners:
              - name: good
                address: {socket_address: {address: 127.0.0.1, port_value: 1}}
                filter_chains:
                - filters:
                  - name: hcm
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: a
                      route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: a}}]}]}
                      http_filters: [{name: router, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]
            """);
        Problems problems = Problems.of("good");
        Listener listener = BootstrapParser.parse(file, "", "", SupportMatrix.load(), problems)
                .orElseThrow()
                .message()
                .getStaticResources()
                .getListeners(0);
        assertThat(problems.list()).isEmpty();
        return listener.toBuilder().setName(name).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "trailers", "reset"})
    void beginsAnewHoweverTheStreamEnds(String way) throws IOException {
        AdsClient client = start(true);
        await().until(() -> requests.size() == 2);
        HttpResponseWriter response = calls.getFirst().response();
        switch (way) {
            case "status" -> response.write(HttpHeaders.of("grpc-status", "14", "grpc-message", "busy"));
            case "trailers" -> response.write(HttpHeaders.of("grpc-status", "0"));
            default -> response.close(new IllegalStateException("broken"));
        }
        response.close();
        await().until(() -> client.view().lostSince() != null || calls.size() > 1);
        await().until(() -> calls.size() == 2);
    }
}
