package io.sluice.gateway.xds;

/** Opens streams to the xDS server. What speaks gRPC stands left of this package and is given in. */
public interface AdsTransport {
    /** @param delta which of the two methods of the aggregated discovery service */
    Stream open(boolean delta, Listener listener);

    interface Stream {
        void send(byte[] message);

        /** No callback follows. */
        void cancel();
    }

    /** Called on any one thread. */
    interface Listener {
        void onMessage(byte[] message);

        /** The last callback. */
        void onClose(String reason);
    }
}
