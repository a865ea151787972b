package io.sluice.xdsserver.snapshot;

import com.google.protobuf.Any;

/**
 * One resource as it is sent: serialised once, shared by every stream.
 *
 * @param version a hash of the deterministic bytes, so equal on every replica and after every restart
 */
public record VersionedResource(ResourceType type, String name, String version, Any body) {}
