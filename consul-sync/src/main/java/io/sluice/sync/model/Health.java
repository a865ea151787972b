package io.sluice.sync.model;

/** An instance's aggregate health in Consul's words; the worst of its checks and its node's. */
public enum Health {
    PASSING,
    WARNING,
    CRITICAL,
    MAINTENANCE
}
