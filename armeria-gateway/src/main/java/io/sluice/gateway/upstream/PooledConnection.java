package io.sluice.gateway.upstream;

import io.netty.channel.Channel;

/** A connection of an {@link EndpointPool}. On its loop. */
interface PooledConnection {
    /** Builds the pipeline, before the connection is made. */
    void install(Channel channel);

    /** Whether the peer has said what it must before streams are attached; {@link EndpointPool#usable} follows a {@code false}. */
    boolean isUsable();

    /** Whether one more stream may be attached now. */
    boolean hasRoom();

    /** The user's {@code onReady} is called from inside. */
    void attach(UpstreamStream.User user);

    void closeWhenIdle();

    void close();
}
