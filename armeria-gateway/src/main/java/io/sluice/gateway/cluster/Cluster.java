package io.sluice.gateway.cluster;

/** A cluster in force: its endpoints behind one policy, with what is known of each. Any thread. */
public interface Cluster {
    String name();
}
