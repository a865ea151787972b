package io.sluice.gateway.cluster;

/**
 * What a cluster makes of endpoints that come, fail and go.
 *
 * @param ignoreHealthOnRemoval one that leaves is gone at once, though its checks pass
 * @param ignoreNewUntilChecked one that was never checked counts for nothing
 * @param closeOnHealthFailure its connections are closed when a check fails
 */
public record HostRules(boolean ignoreHealthOnRemoval, boolean ignoreNewUntilChecked, boolean closeOnHealthFailure) {
    public static final HostRules DEFAULT = new HostRules(false, false, false);
}
