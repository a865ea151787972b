package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.NetUtil;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.Clusters;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** gRPC over {@link Upstream}: obeys the cluster's balancing, breakers and statistics like any other call. */
public final class GrpcStreams implements GrpcCalls {
    private static final int UNAVAILABLE = 14;
    private static final int INTERNAL = 13;
    private static final int UNKNOWN = 2;
    private static final int FRAME_HEAD = 5;
    private static final int MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

    private final Upstream upstream;
    private final Clusters clusters;
    private final EventLoopGroup loops;

    public GrpcStreams(Upstream upstream, Clusters clusters, EventLoopGroup loops) {
        this.upstream = upstream;
        this.clusters = clusters;
        this.loops = loops;
    }

    @Override
    public GrpcCall open(
            String cluster, String path, Map<String, String> metadata, Duration timeout, GrpcCall.Listener listener) {
        EventLoop loop = loops.next();
        Stream stream = new Stream(loop, listener);
        RequestHeadersBuilder headers = RequestHeaders.builder(HttpMethod.POST, path)
                .authority(cluster)
                .set("content-type", "application/grpc")
                .set("te", "trailers")
                .set("x-envoy-internal", "true")
                .set("x-forwarded-for", NetUtil.toAddressString(OwnAddress.OF_MACHINE));
        if (!timeout.isZero()) {
            headers.set("grpc-timeout", timeout.toMillis() + "m")
                    .set("x-envoy-expected-rq-timeout-ms", String.valueOf(timeout.toMillis()));
        }
        metadata.forEach(headers::set);
        CallPolicy policy = new CallPolicy(RetryPolicy.NONE, timeout, CallPolicy.Priority.DEFAULT, 0);
        loop.execute(() -> {
            Cluster known = clusters.get(cluster);
            if (known == null) {
                stream.close(UNAVAILABLE, "unknown cluster '" + cluster + "'", Map.of());
            } else {
                stream.call = upstream.start(known, loop, headers.build(), false, policy, stream);
            }
        });
        return stream;
    }

    private static final class Stream implements GrpcCall, UpstreamCall.Listener {
        private final EventLoop loop;
        private final Listener listener;
        private final ByteBuf received = Unpooled.buffer();
        private @Nullable UpstreamCall call;
        private boolean closed;

        Stream(EventLoop loop, Listener listener) {
            this.loop = loop;
            this.listener = listener;
        }

        @Override
        public void send(byte[] message) {
            byte[] frame = ByteBuffer.allocate(FRAME_HEAD + message.length)
                    .put((byte) 0)
                    .putInt(message.length)
                    .put(message)
                    .array();
            loop.execute(() -> {
                if (call != null && !closed) {
                    call.requestData(HttpData.wrap(frame), false);
                }
            });
        }

        @Override
        public void halfClose() {
            loop.execute(() -> {
                if (call != null && !closed) {
                    call.requestData(HttpData.empty(), true);
                }
            });
        }

        @Override
        public void cancel() {
            loop.execute(() -> {
                if (!closed) {
                    closed = true;
                    if (call != null) {
                        call.cancel();
                    }
                }
            });
        }

        @Override
        public void onHeaders(ResponseHeadersBuilder headers, boolean end) {
            if (headers.contains("grpc-status")) {
                finish(headers.build());
            } else if (headers.status().code() != 200) {
                abort(UNAVAILABLE, "HTTP status " + headers.status().code());
            } else if (end) {
                close(UNKNOWN, "no grpc-status", Map.of());
            }
        }

        @Override
        public void onData(HttpData data, boolean end) {
            try (data) {
                if (closed) {
                    return;
                }
                received.writeBytes(data.byteBuf());
            }
            while (!closed && received.readableBytes() >= FRAME_HEAD) {
                int length = received.getInt(received.readerIndex() + 1);
                if (received.getByte(received.readerIndex()) != 0 || length < 0 || length > MAX_MESSAGE_BYTES) {
                    abort(INTERNAL, "a frame that is compressed or longer than " + MAX_MESSAGE_BYTES + " bytes");
                    return;
                }
                if (received.readableBytes() < FRAME_HEAD + length) {
                    break;
                }
                received.skipBytes(FRAME_HEAD);
                byte[] message = new byte[length];
                received.readBytes(message);
                listener.onMessage(message);
            }
            received.discardSomeReadBytes();
            if (end && !closed) {
                close(UNKNOWN, "no grpc-status", Map.of());
            }
        }

        @Override
        public void onTrailers(HttpHeaders trailers) {
            finish(trailers);
        }

        @Override
        public void onFailure(UpstreamFailure failure) {
            close(UNAVAILABLE, failure.body(), Map.of());
        }

        @Override
        public void onWritable() {}

        private void finish(HttpHeaders trailers) {
            Map<String, String> all = new LinkedHashMap<>();
            trailers.forEach((name, value) -> all.put(name.toString(), value));
            String status = trailers.get("grpc-status", "");
            close(
                    status.matches("\\d{1,3}") ? Integer.parseInt(status) : UNKNOWN,
                    trailers.get("grpc-message", ""),
                    all);
        }

        private void abort(int status, String message) {
            if (call != null) {
                call.cancel();
            }
            close(status, message, Map.of());
        }

        private void close(int status, String message, Map<String, String> trailers) {
            if (!closed) {
                closed = true;
                listener.onClose(status, message, trailers);
            }
        }
    }
}
