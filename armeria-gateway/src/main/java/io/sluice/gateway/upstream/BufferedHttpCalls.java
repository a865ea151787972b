package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.Clusters;
import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Over {@link Upstream}: obeys the cluster's balancing, breakers and statistics like any other call. */
public final class BufferedHttpCalls implements HttpCalls {
    private final Upstream upstream;
    private final Clusters clusters;
    private final EventLoopGroup loops;

    public BufferedHttpCalls(Upstream upstream, Clusters clusters, EventLoopGroup loops) {
        this.upstream = upstream;
        this.clusters = clusters;
        this.loops = loops;
    }

    @Override
    public EventLoop loop() {
        return loops.next();
    }

    @Override
    public Call send(EventLoop loop, Request request, Consumer<Outcome> then) {
        Exchange exchange = new Exchange(loop, request, then);
        loop.execute(exchange::start);
        return exchange;
    }

    /** As Envoy's own requests look to an upstream. */
    private static RequestHeaders marked(Request request) {
        RequestHeadersBuilder headers = request.headers().toBuilder();
        headers.set("x-envoy-internal", "true");
        if (request.forwardedFor()) {
            headers.set("x-forwarded-for", NetUtil.toAddressString(OwnAddress.OF_MACHINE));
        }
        if (!request.timeout().isZero()) {
            headers.set(
                    "x-envoy-expected-rq-timeout-ms",
                    String.valueOf(request.timeout().toMillis()));
        }
        return headers.build();
    }

    private final class Exchange implements Call, UpstreamCall.Listener {
        private final EventLoop loop;
        private final Request request;
        private final Consumer<Outcome> then;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private @Nullable UpstreamCall call;
        private @Nullable ResponseHeaders headers;
        private boolean over;

        private Exchange(EventLoop loop, Request request, Consumer<Outcome> then) {
            this.loop = loop;
            this.request = request;
            this.then = then;
        }

        private void start() {
            if (over) {
                return;
            }
            Cluster cluster = clusters.get(request.cluster());
            if (cluster == null) {
                finish(new Outcome.Failed("unknown cluster '" + request.cluster() + "'"));
                return;
            }
            boolean bare = request.body().isEmpty();
            CallPolicy policy = new CallPolicy(
                    request.retry(),
                    request.timeout(),
                    CallPolicy.Priority.DEFAULT,
                    request.body().length());
            UpstreamCall started = upstream.start(cluster, loop, marked(request), bare, policy, this);
            call = started;
            if (!bare) {
                started.requestData(request.body(), true);
            }
        }

        @Override
        public void cancel() {
            loop.execute(() -> {
                if (!over) {
                    over = true;
                    stop();
                }
            });
        }

        private void stop() {
            if (call != null) {
                call.cancel();
            }
        }

        @Override
        public void onHeaders(ResponseHeadersBuilder headers, boolean end) {
            this.headers = headers.build();
            if (headers.getLong(HttpHeaderNames.CONTENT_LENGTH, 0) > request.maxAnswerBytes()) {
                tooLong();
            } else if (end) {
                answered();
            }
        }

        @Override
        public void onData(HttpData data, boolean end) {
            try (data) {
                if (over) {
                    return;
                }
                if (body.size() + data.length() > request.maxAnswerBytes()) {
                    tooLong();
                    return;
                }
                body.writeBytes(data.array());
            }
            if (end) {
                answered();
            }
        }

        @Override
        public void onTrailers(HttpHeaders trailers) {
            answered();
        }

        @Override
        public void onFailure(UpstreamFailure failure) {
            finish(new Outcome.Failed(failure.body()));
        }

        @Override
        public void onWritable() {}

        private void tooLong() {
            stop();
            finish(new Outcome.Failed("an answer longer than " + request.maxAnswerBytes() + " bytes"));
        }

        private void answered() {
            ResponseHeaders received = headers;
            if (received != null) {
                finish(new Outcome.Answered(received, HttpData.wrap(body.toByteArray())));
            }
        }

        private void finish(Outcome outcome) {
            if (!over) {
                over = true;
                then.accept(outcome);
            }
        }
    }
}
