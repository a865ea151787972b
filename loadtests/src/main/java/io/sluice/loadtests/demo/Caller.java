package io.sluice.loadtests.demo;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.StringValue;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;

/** Somebody who calls one data plane. */
final class Caller {
    private final String name;
    private final int port;
    private final WebClient http1;
    private final WebClient http2;

    /** @param name how the data plane is called in what is printed */
    Caller(String name, int port) {
        this.name = name;
        this.port = port;
        http1 = client("h1c", port);
        http2 = client("h2c", port);
    }

    private static WebClient client(String protocol, int port) {
        return WebClient.builder(protocol + "://127.0.0.1:" + port)
                .responseTimeout(Duration.ofSeconds(10))
                .build();
    }

    /** @param text the body, or why there is no answer: then status is 0 */
    record Answered(int status, String text, String servedBy) {
        @Override
        public String toString() {
            return status + (text.isEmpty() ? "" : " " + text);
        }
    }

    String name() {
        return name;
    }

    int port() {
        return port;
    }

    Answered get(String path, String... headers) {
        RequestHeadersBuilder request = RequestHeaders.builder(HttpMethod.GET, path);
        for (int i = 0; i < headers.length; i += 2) {
            request.set(headers[i], headers[i + 1]);
        }
        return answer(http1, request.build(), HttpData.empty());
    }

    private static Answered answer(WebClient client, RequestHeaders request, HttpData body) {
        try {
            AggregatedHttpResponse response =
                    client.execute(request, body).aggregate().join();
            return new Answered(
                    response.status().code(),
                    response.contentUtf8().strip(),
                    response.headers()
                            .get("x-served-by", "status " + response.status().code()));
        } catch (CompletionException e) {
            String reason = String.valueOf(e.getCause());
            return new Answered(0, reason, "no answer");
        }
    }

    /** How often each instance answered. */
    Map<String, Integer> spread(String path, int requests) {
        Map<String, Integer> answers = new TreeMap<>();
        for (int i = 0; i < requests; i++) {
            answers.merge(get(path).servedBy(), 1, Integer::sum);
        }
        return answers;
    }

    /** One unary gRPC call; the answer, or what came in its place. */
    String greet(String who) {
        byte[] message = StringValue.of(who).toByteArray();
        byte[] frame = ByteBuffer.allocate(5 + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        RequestHeaders request = RequestHeaders.of(
                HttpMethod.POST, "/sluice.demo.Users/Greet", "content-type", "application/grpc", "te", "trailers");
        try {
            AggregatedHttpResponse response =
                    http2.execute(request, frame).aggregate().join();
            String status =
                    response.trailers().get("grpc-status", response.headers().get("grpc-status", "none"));
            if (!status.equals("0")) {
                return "grpc-status " + status + " "
                        + response.trailers()
                                .get("grpc-message", response.headers().get("grpc-message", ""));
            }
            byte[] body = response.content().array();
            return StringValue.parseFrom(ByteBuffer.wrap(body, 5, body.length - 5))
                    .getValue();
        } catch (CompletionException e) {
            return "no answer: " + e.getCause();
        } catch (InvalidProtocolBufferException e) {
            return "not a StringValue: " + e.getMessage();
        }
    }
}
