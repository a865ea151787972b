package io.sluice.gateway.ratelimit.service;

import com.google.protobuf.CodedInputStream;
import com.linecorp.armeria.server.ServerBuilder;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.RateLimitCall;
import io.sluice.gateway.ratelimit.RateLimitMessageParser;
import io.sluice.gateway.ratelimit.RateLimiter;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Envoy's rate limit service over gRPC, on the same buckets as the gateway's own filter, with the health check beside it. */
public final class RateLimitService {
    static final String SERVICE = "envoy.service.ratelimit.v3.RateLimitService";
    static final String METHOD = "/" + SERVICE + "/ShouldRateLimit";
    static final String HEALTH = "/grpc.health.v1.Health/Check";

    private static final byte[] SERVING = {0x08, 0x01};

    private final RateLimiter limiter;
    private final Counter ok;
    private final Counter overLimit;
    private final Counter errors;

    public RateLimitService(RateLimiter limiter, MeterRegistry metrics) {
        this.limiter = limiter;
        ok = metrics.counter("ratelimit.service.calls", "outcome", "ok");
        overLimit = metrics.counter("ratelimit.service.calls", "outcome", "over_limit");
        errors = metrics.counter("ratelimit.service.calls", "outcome", "error");
    }

    /** Serves both on every port of the server, which must offer HTTP/2. */
    public void addTo(ServerBuilder server) {
        server.service(METHOD, new UnaryGrpcService(this::shouldRateLimit));
        server.service(HEALTH, new UnaryGrpcService(RateLimitService::health));
    }

    private CompletionStage<byte[]> shouldRateLimit(byte[] message) {
        RateLimitCall call;
        try {
            call = RateLimitMessageParser.parseRequest(message);
        } catch (IllegalArgumentException e) {
            errors.increment();
            throw new GrpcException(GrpcException.UNKNOWN, String.valueOf(e.getMessage()));
        }
        return limiter.spend(call.domain(), call.descriptors(), call.hits()).thenApply(this::answer);
    }

    private byte[] answer(Decision decision) {
        return switch (decision) {
            case Decision.Allowed allowed -> {
                ok.increment();
                yield RateLimitMessageParser.response(allowed);
            }
            case Decision.Limited limited -> {
                overLimit.increment();
                yield RateLimitMessageParser.response(limited);
            }
            case Decision.Unknown unknown -> {
                errors.increment();
                throw new GrpcException(GrpcException.UNAVAILABLE, unknown.reason());
            }
        };
    }

    /** Serving even while the shared buckets are silent: the limits' failure policies still answer. */
    private static CompletionStage<byte[]> health(byte[] request) {
        String service = "";
        try {
            CodedInputStream in = CodedInputStream.newInstance(request);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (tag == 10) {
                    service = in.readString();
                } else {
                    in.skipField(tag);
                }
            }
        } catch (IOException e) {
            throw new GrpcException(GrpcException.UNKNOWN, "health check request: " + e.getMessage());
        }
        if (!service.isEmpty() && !service.equals(SERVICE)) {
            throw new GrpcException(GrpcException.NOT_FOUND, "unknown service " + service);
        }
        return CompletableFuture.completedStage(SERVING);
    }
}
