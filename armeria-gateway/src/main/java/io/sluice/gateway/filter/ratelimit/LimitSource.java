package io.sluice.gateway.filter.ratelimit;

import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.RateLimitCall;
import io.sluice.gateway.ratelimit.RateLimitMessageParser;
import io.sluice.gateway.ratelimit.RateLimiter;
import io.sluice.gateway.upstream.GrpcCall;
import io.sluice.gateway.upstream.GrpcCalls;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Whom the filter asks. Completes on any thread, never with an exception; who is not answered in time cancels it. */
@FunctionalInterface
interface LimitSource {
    CompletableFuture<RateLimitCall.Answer> ask(RateLimitCall call);

    /** The engine of this process. */
    static LimitSource engine(RateLimiter limiter) {
        return call -> limiter.spend(call.domain(), call.descriptors(), call.hits())
                .thenApply(RateLimitCall.Answer::of)
                .toCompletableFuture();
    }

    /** @param timeout zero means none */
    static LimitSource service(GrpcCalls calls, String cluster, Map<String, String> metadata, Duration timeout) {
        return call -> {
            var answer = new CompletableFuture<RateLimitCall.Answer>();
            GrpcCall grpc = calls.open(
                    cluster,
                    "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit",
                    metadata,
                    timeout,
                    new ServiceAnswer(answer));
            grpc.send(RateLimitMessageParser.request(call));
            grpc.halfClose();
            answer.whenComplete((done, error) -> {
                if (answer.isCancelled()) {
                    grpc.cancel();
                }
            });
            return answer;
        };
    }

    final class ServiceAnswer implements GrpcCall.Listener {
        private final CompletableFuture<RateLimitCall.Answer> answer;
        private byte @Nullable [] message;

        ServiceAnswer(CompletableFuture<RateLimitCall.Answer> answer) {
            this.answer = answer;
        }

        @Override
        public void onMessage(byte[] message) {
            this.message = message;
        }

        @Override
        public void onClose(int status, String reason, Map<String, String> trailers) {
            answer.complete(parsed(status, reason));
        }

        private RateLimitCall.Answer parsed(int status, String reason) {
            byte[] received = message;
            if (status != 0 || received == null) {
                return RateLimitCall.Answer.of(new Decision.Unknown("grpc-status " + status + " " + reason));
            }
            try {
                return RateLimitMessageParser.parseResponse(received);
            } catch (IllegalArgumentException e) {
                return RateLimitCall.Answer.of(new Decision.Unknown(String.valueOf(e.getMessage())));
            }
        }
    }
}
