package io.sluice.gateway.filter.extauthz;

import io.netty.channel.EventLoop;
import io.sluice.gateway.upstream.GrpcCall;
import io.sluice.gateway.upstream.GrpcCalls;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.service.auth.v3.Authorization} over gRPC. */
record GrpcAuthorization(
        GrpcCalls calls, String cluster, Map<String, String> metadata, Duration timeout, CheckMessageParser messages)
        implements AuthorizationService {
    private static final String PATH = "/envoy.service.auth.v3.Authorization/Check";

    GrpcAuthorization {
        metadata = Map.copyOf(metadata);
    }

    @Override
    public Runnable ask(Question question, Consumer<Verdict> then) {
        Answer answer = new Answer(question.exchange().eventLoop(), then);
        GrpcCall call = calls.open(cluster, PATH, metadata, timeout, answer);
        call.send(messages.request(question));
        call.halfClose();
        return call::cancel;
    }

    private static final class Answer implements GrpcCall.Listener {
        private final EventLoop loop;
        private final Consumer<Verdict> then;
        private byte @Nullable [] message;

        private Answer(EventLoop loop, Consumer<Verdict> then) {
            this.loop = loop;
            this.then = then;
        }

        @Override
        public void onMessage(byte[] message) {
            this.message = message;
        }

        @Override
        public void onClose(int status, String reason, Map<String, String> trailers) {
            byte[] received = message;
            Verdict verdict = status != 0 || received == null
                    ? new Verdict.Failed("grpc-status " + status + " " + reason)
                    : CheckMessageParser.verdict(received);
            loop.execute(() -> then.accept(verdict));
        }
    }
}
