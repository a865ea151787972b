package io.sluice.loadtests.demo;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/** Somebody who calls one data plane. */
final class Caller {
    private final String name;
    private final int port;
    private final BlockingWebClient http1;
    private final WebClient http2;

    /** @param name how the data plane is called in what is printed */
    Caller(String name, int port) {
        this.name = name;
        this.port = port;
        http1 = WebClient.builder("h1c://127.0.0.1:" + port)
                .responseTimeout(Duration.ofSeconds(10))
                .build()
                .blocking();
        http2 = WebClient.builder("h2c://127.0.0.1:" + port)
                .responseTimeout(Duration.ofSeconds(10))
                .build();
    }

    String name() {
        return name;
    }

    int port() {
        return port;
    }

    AggregatedHttpResponse get(String path, String... headers) {
        RequestHeadersBuilder request = RequestHeaders.builder(HttpMethod.GET, path);
        for (int i = 0; i < headers.length; i += 2) {
            request.set(headers[i], headers[i + 1]);
        }
        return http1.execute(request.build());
    }

    /** How often each instance answered. */
    Map<String, Integer> spread(String path, int requests) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < requests; i++) {
            AggregatedHttpResponse response = get(path);
            answers.merge(
                    response.headers()
                            .get("x-served-by", "status " + response.status().code()),
                    1,
                    Integer::sum);
        }
        return answers;
    }

    /** One unary gRPC call; the answer, or status and message. */
    String greet(String who) throws InvalidProtocolBufferException {
        byte[] message = StringValue.of(who).toByteArray();
        byte[] frame = ByteBuffer.allocate(5 + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        AggregatedHttpResponse response = http2.execute(
                        RequestHeaders.of(
                                HttpMethod.POST,
                                "/sluice.demo.Users/Greet",
                                "content-type",
                                "application/grpc",
                                "te",
                                "trailers"),
                        frame)
                .aggregate()
                .join();
        String status =
                response.trailers().get("grpc-status", response.headers().get("grpc-status", "none"));
        if (!status.equals("0")) {
            return "grpc-status " + status + " "
                    + response.trailers().get("grpc-message", response.headers().get("grpc-message", ""));
        }
        byte[] body = response.content().array();
        return StringValue.parseFrom(ByteBuffer.wrap(body, 5, body.length - 5)).getValue();
    }
}
