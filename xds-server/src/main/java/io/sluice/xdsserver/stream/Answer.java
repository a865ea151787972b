package io.sluice.xdsserver.stream;

import io.sluice.xdsserver.snapshot.ResourceType;
import io.sluice.xdsserver.snapshot.VersionedResource;
import java.util.List;

/**
 * One response, before it is put into either variant's message.
 *
 * @param resources all that travel, no name twice
 * @param changed those of them whose version the client is not known to hold
 * @param removed what the client shall drop; only a delta message names it, a full one leaves it out
 */
record Answer(
        ResourceType type,
        String nonce,
        String version,
        List<VersionedResource> resources,
        List<VersionedResource> changed,
        List<String> removed) {}
