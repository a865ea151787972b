package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.ResourceType;

/** What a stream tells about itself as it happens, on its event loop. */
interface StreamListener {
    void sent(ResourceType type);

    void refused(ResourceType type, Client.Rejection rejection);

    /** The first accepted answer after a rejected one. */
    void recovered(ResourceType type, String version);
}
