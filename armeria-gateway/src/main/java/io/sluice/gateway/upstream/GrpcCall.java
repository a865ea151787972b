package io.sluice.gateway.upstream;

import java.util.Map;

/**
 * A gRPC stream over a cluster: 5-byte frames over an {@link UpstreamCall}, used by every {@code envoy_grpc} user (ADS, rate limit
 * service). Methods may be called from any thread; callbacks arrive on one event loop.
 */
public interface GrpcCall {
    /** Sends one message. */
    void send(byte[] message);

    /** Nothing more is sent. */
    void halfClose();

    /** Ends the stream; no callback follows. */
    void cancel();

    interface Listener {
        void onMessage(byte[] message);

        /** @param status the gRPC status code, 14 where the stream broke; the last callback */
        void onClose(int status, String message, Map<String, String> trailers);
    }
}
