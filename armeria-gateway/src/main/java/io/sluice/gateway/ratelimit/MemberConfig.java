package io.sluice.gateway.ratelimit;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.config.SplitBrainProtectionConfig;
import io.github.bucket4j.grid.hazelcast.HazelcastProxyManager;

/** Hazelcast as a limiter member needs it; each value was measured against its default. Source: docs/ratelimits.md. */
final class MemberConfig {
    static final String MAP = "sluice-limits";

    private static final String QUORUM = "sluice-limits-majority";
    private static final int FIRST_SERIALIZER_TYPE = 10_000;

    private MemberConfig() {}

    static Config of(MemberSettings settings) {
        var config = new Config();
        config.setClusterName(settings.cluster());
        properties(config, settings);
        network(config.getNetworkConfig(), settings);
        HazelcastProxyManager.addCustomSerializers(config.getSerializationConfig(), FIRST_SERIALIZER_TYPE);
        var map = new MapConfig(MAP).setBackupCount(1);
        int majority = settings.members().size() / 2 + 1;
        if (settings.members().size() >= 3) {
            config.addSplitBrainProtectionConfig(new SplitBrainProtectionConfig(QUORUM, true, majority));
            map.setSplitBrainProtectionName(QUORUM);
        }
        config.addMapConfig(map);
        return config;
    }

    private static void properties(Config config, MemberSettings settings) {
        config.setProperty("hazelcast.logging.type", "slf4j")
                .setProperty("hazelcast.phone.home.enabled", "false")
                .setProperty("hazelcast.shutdownhook.enabled", "false")
                .setProperty("hazelcast.socket.bind.any", "false")
                .setProperty("hazelcast.io.thread.count", "1")
                .setProperty("hazelcast.wait.seconds.before.join", "0")
                .setProperty("hazelcast.heartbeat.interval.seconds", "1")
                .setProperty(
                        "hazelcast.max.no.heartbeat.seconds",
                        String.valueOf(Math.max(2, settings.heartbeatTimeout().toSeconds())))
                .setProperty("hazelcast.operation.call.timeout.millis", "2000")
                .setProperty("hazelcast.operation.backup.timeout.millis", "500")
                .setProperty("hazelcast.invocation.retry.pause.millis", "50")
                .setProperty("hazelcast.merge.first.run.delay.seconds", "10")
                .setProperty("hazelcast.merge.next.run.delay.seconds", "5")
                // Without these three, buckets nobody uses are freed at 400 a second.
                .setProperty("hazelcast.internal.map.expiration.task.period.seconds", "1")
                .setProperty("hazelcast.internal.map.expiration.cleanup.percentage", "100")
                .setProperty("hazelcast.internal.map.expiration.cleanup.operation.count", "271");
        config.getMetricsConfig().setEnabled(false);
        config.getJetConfig().setEnabled(false);
    }

    private static void network(NetworkConfig network, MemberSettings settings) {
        network.setPort(settings.port()).setPortAutoIncrement(false);
        network.getInterfaces().setEnabled(true).addInterface(settings.bindAddress());
        JoinConfig join = network.getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).setMembers(settings.members());
    }
}
