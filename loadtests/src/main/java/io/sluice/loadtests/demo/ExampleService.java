package io.sluice.loadtests.demo;

import brave.Span;
import brave.Tracing;
import brave.propagation.TraceContextOrSamplingFlags;
import com.google.protobuf.StringValue;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.grpc.GrpcService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ServerCalls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** One running copy of an example service: a small real server on a loopback port of its own, with its own span per request. */
final class ExampleService implements AutoCloseable {
    private final String id;
    private final int port;
    private final Server server;
    private final AtomicInteger failures;

    private ExampleService(String id, int port, Server server, AtomicInteger failures) {
        this.id = id;
        this.port = port;
        this.server = server;
        this.failures = failures;
    }

    /**
     * {@code /orders/N} answers who served it. {@code /orders/N/owner} asks {@code users} through a gateway first, so that its trace has
     * more than one hop.
     */
    static ExampleService orders(String id, String region, int port, Tracing tracing, WebClient gateway) {
        return start(id, port, tracing, (ctx, request, span) -> {
            if (!ctx.endsWith("/owner")) {
                return HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, answer("orders", id, region));
            }
            RequestHeadersBuilder headers = RequestHeaders.builder(HttpMethod.GET, "/users/7");
            tracing.propagation()
                    .<RequestHeadersBuilder>injector((out, name, value) -> out.set(name, value))
                    .inject(span.context(), headers);
            return HttpResponse.of(gateway.execute(headers.build())
                    .aggregate()
                    .thenApply(owner -> HttpResponse.of(
                            HttpStatus.OK,
                            MediaType.JSON_UTF_8,
                            "{\"order\":" + answer("orders", id, region) + ",\"owner\":" + owner.contentUtf8() + "}")));
        });
    }

    /** {@code /users/N}, and the gRPC method {@code sluice.demo.Users/Greet} on the same port, both over HTTP/2 without TLS. */
    static ExampleService users(String id, String region, int port, Tracing tracing) {
        MethodDescriptor<StringValue, StringValue> greet = MethodDescriptor.<StringValue, StringValue>newBuilder(
                        ProtoUtils.marshaller(StringValue.getDefaultInstance()),
                        ProtoUtils.marshaller(StringValue.getDefaultInstance()))
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("sluice.demo.Users/Greet")
                .build();
        ServerServiceDefinition grpc = ServerServiceDefinition.builder("sluice.demo.Users")
                .addMethod(greet, ServerCalls.asyncUnaryCall((name, observer) -> {
                    observer.onNext(StringValue.of("hello " + name.getValue() + ", from " + id));
                    observer.onCompleted();
                }))
                .build();
        ServerBuilder builder = Server.builder()
                .http(loopback(port))
                .service(GrpcService.builder().addService(grpc).build());
        builder.serviceUnder(
                "/",
                traced(
                        id,
                        tracing,
                        (path, request, span) ->
                                HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, answer("users", id, region))));
        return started(id, port, builder);
    }

    /** Every second request fails with 503. */
    static ExampleService flaky(String id, String region, int port, Tracing tracing) {
        AtomicInteger requests = new AtomicInteger();
        AtomicInteger failures = new AtomicInteger();
        Answer answer = (path, request, span) -> {
            if (requests.getAndIncrement() % 2 == 1) {
                return HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, answer("flaky", id, region));
            }
            failures.incrementAndGet();
            return HttpResponse.of(HttpStatus.SERVICE_UNAVAILABLE, MediaType.PLAIN_TEXT_UTF_8, "not today\n");
        };
        return started(
                id,
                port,
                Server.builder().http(loopback(port)).serviceUnder("/", traced(id, tracing, answer)),
                failures);
    }

    /** How often it failed on purpose. */
    int failures() {
        return failures.get();
    }

    String id() {
        return id;
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        server.stop().join();
    }

    private interface Answer {
        HttpResponse to(String path, HttpRequest request, Span span);
    }

    private static ExampleService start(String id, int port, Tracing tracing, Answer answer) {
        return started(id, port, Server.builder().http(loopback(port)).serviceUnder("/", traced(id, tracing, answer)));
    }

    private static ExampleService started(String id, int port, ServerBuilder builder) {
        return started(id, port, builder, new AtomicInteger());
    }

    private static ExampleService started(String id, int port, ServerBuilder builder, AtomicInteger failures) {
        Server server = builder.service("/health", (ctx, request) -> HttpResponse.of("ok"))
                .gracefulShutdownTimeoutMillis(0, 0)
                .build();
        server.start().join();
        return new ExampleService(id, port, server, failures);
    }

    private static HttpService traced(String id, Tracing tracing, Answer answer) {
        return (ctx, request) -> {
            TraceContextOrSamplingFlags caller = tracing.propagation()
                    .<HttpHeaders>extractor((in, name) -> in.get(name))
                    .extract(request.headers());
            Span span = caller.context() == null
                    ? tracing.tracer().nextSpan(caller)
                    : tracing.tracer().joinSpan(caller.context());
            span.kind(Span.Kind.SERVER)
                    .name(request.method() + " " + ctx.path())
                    .remoteServiceName("gateway")
                    .tag("instance", id)
                    .start();
            HttpResponse response = answer.to(ctx.path(), request, span);
            response.whenComplete().handle((done, failure) -> {
                if (failure != null) {
                    span.error(failure);
                }
                span.finish();
                return null;
            });
            return response.mapHeaders(
                    headers -> headers.withMutations(h -> h.set(HttpHeaderNames.of("x-served-by"), id)));
        };
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private static String answer(String service, String id, String region) {
        return "{\"service\":\"" + service + "\",\"instance\":\"" + id + "\",\"region\":\"" + region + "\"}";
    }
}
