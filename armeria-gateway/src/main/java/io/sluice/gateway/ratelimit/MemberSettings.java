package io.sluice.gateway.ratelimit;

import java.time.Duration;
import java.util.List;

/**
 * A node's place among the limiter members of its region.
 *
 * @param cluster members of one cluster share buckets; one per region
 * @param bindAddress the only address that is listened on
 * @param port of this member; not searched for when taken
 * @param members {@code host:port} of all, this one included; from three on, a minority left alone stops counting on shared buckets
 * @param heartbeatTimeout how long a silent member stays a member
 */
public record MemberSettings(
        String cluster, String bindAddress, int port, List<String> members, Duration heartbeatTimeout) {
    public static final Duration DEFAULT_HEARTBEAT_TIMEOUT = Duration.ofSeconds(3);

    public MemberSettings {
        members = List.copyOf(members);
    }
}
