package io.sluice.gateway.ratelimit.service;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A gRPC method with one message in and one out, without compression: all that Envoy asks of a rate limit or health service. */
final class UnaryGrpcService implements HttpService {
    private static final Logger log = LoggerFactory.getLogger(UnaryGrpcService.class);
    private static final int FRAME_HEADER = 5;
    private static final long MAX_REQUEST_BYTES = 1 << 20;

    private static final ResponseHeaders HEADERS =
            ResponseHeaders.of(HttpStatus.OK, "content-type", "application/grpc");
    private static final HttpHeaders OK = HttpHeaders.of("grpc-status", "0");

    private final Function<byte[], CompletionStage<byte[]>> method;

    /** @param method may throw {@link GrpcException}, or complete with it */
    UnaryGrpcService(Function<byte[], CompletionStage<byte[]>> method) {
        this.method = method;
    }

    @Override
    public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) {
        String type = request.headers().get("content-type", "");
        if (request.method() != HttpMethod.POST || !type.startsWith("application/grpc")) {
            return HttpResponse.of(HttpStatus.UNSUPPORTED_MEDIA_TYPE);
        }
        ctx.setMaxRequestLength(MAX_REQUEST_BYTES);
        return HttpResponse.of(request.aggregate()
                .thenCompose(whole -> method.apply(message(whole)))
                .thenApply(answer -> HttpResponse.of(HEADERS, frame(answer), OK))
                .exceptionally(UnaryGrpcService::failure));
    }

    private static byte[] message(AggregatedHttpRequest request) {
        ByteBuffer frame = ByteBuffer.wrap(request.content().array());
        if (frame.remaining() < FRAME_HEADER) {
            throw new GrpcException(GrpcException.INTERNAL, "request without a message");
        }
        if (frame.get() != 0) {
            throw new GrpcException(GrpcException.UNIMPLEMENTED, "grpc-encoding is not supported");
        }
        byte[] message = new byte[frame.remaining() - Integer.BYTES];
        if (frame.getInt() != message.length) {
            throw new GrpcException(GrpcException.INTERNAL, "request is not one whole message");
        }
        frame.get(message);
        return message;
    }

    private static HttpData frame(byte[] message) {
        return HttpData.wrap(ByteBuffer.allocate(FRAME_HEADER + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array());
    }

    private static HttpResponse failure(Throwable thrown) {
        Throwable cause =
                thrown instanceof CompletionException && thrown.getCause() != null ? thrown.getCause() : thrown;
        if (!(cause instanceof GrpcException)) {
            log.error("rate limit service failed", cause);
        }
        int status = cause instanceof GrpcException said ? said.status() : GrpcException.INTERNAL;
        String message = URLEncoder.encode(String.valueOf(cause.getMessage()), StandardCharsets.UTF_8)
                .replace("+", "%20");
        return HttpResponse.of(HEADERS.toBuilder()
                .endOfStream(true)
                .set("grpc-status", String.valueOf(status))
                .set("grpc-message", message)
                .build());
    }
}
