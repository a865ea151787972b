package io.sluice.gateway.ratelimit;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import com.hazelcast.partition.PartitionService;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.distributed.AsyncBucketProxy;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.AsyncProxyManager;
import io.github.bucket4j.grid.hazelcast.Bucket4jHazelcast;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buckets in the memory of the limiter members: Bucket4j's entry processors on a Hazelcast map with one backup. Joining takes seconds and
 * happens on a thread of its own; until then the ledger is not ready.
 */
public final class HazelcastLedger implements BucketLedger {
    /** Hazelcast's default and unchanged here: all members must agree on it. */
    private static final int PARTITIONS = 271;

    /** Buckets stay so long after they would be full again. */
    private static final Duration KEEP_FULL = Duration.ofSeconds(5);

    private static final Duration RETRY_JOIN = Duration.ofSeconds(5);
    private static final Logger log = LoggerFactory.getLogger(HazelcastLedger.class);

    private final MemberSettings settings;
    private final Thread joining;
    private volatile @Nullable Joined joined;
    private volatile boolean closed;

    private record Joined(HazelcastInstance member, AsyncProxyManager<UUID> buckets, PartitionService partitions) {}

    private HazelcastLedger(MemberSettings settings) {
        this.settings = settings;
        joining = Thread.ofPlatform().name("ratelimit-join").daemon().unstarted(this::join);
    }

    /**
     * Returns at once.
     *
     * @throws IllegalStateException where the JVM would start a thread for each answer
     */
    public static HazelcastLedger start(MemberSettings settings) {
        if (ForkJoinPool.getCommonPoolParallelism() < 2) {
            throw new IllegalStateException("ForkJoinPool.commonPool parallelism: "
                    + ForkJoinPool.getCommonPoolParallelism()
                    + " (expected: at least 2 on a limiter member, since Hazelcast would start a thread per answer;"
                    + " start the JVM with -Djava.util.concurrent.ForkJoinPool.common.parallelism=2)");
        }
        var ledger = new HazelcastLedger(settings);
        ledger.joining.start();
        return ledger;
    }

    private void join() {
        boolean said = false;
        while (!closed) {
            try {
                HazelcastInstance member = Hazelcast.newHazelcastInstance(MemberConfig.of(settings));
                use(member);
                return;
            } catch (RuntimeException e) {
                if (!said) {
                    said = true;
                    log.warn(
                            "limiter member does not start, trying again every={} reason={}", RETRY_JOIN, e.toString());
                }
            }
            try {
                Thread.sleep(RETRY_JOIN);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private synchronized void use(HazelcastInstance member) {
        if (closed) {
            member.getLifecycleService().terminate();
            return;
        }
        member.getCluster().addMembershipListener(new MembersLog());
        IMap<UUID, byte[]> map = member.getMap(MemberConfig.MAP);
        joined = new Joined(
                member,
                Bucket4jHazelcast.entryProcessorBasedBuilder(map)
                        .expirationAfterWrite(
                                ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(KEEP_FULL))
                        .build()
                        .asAsync(),
                member.getPartitionService());
        log.info(
                "limiter member joined cluster={} address={} members={}",
                settings.cluster(),
                member.getCluster().getLocalMember().getAddress(),
                member.getCluster().getMembers().size());
    }

    private static final class MembersLog implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            log.info(
                    "limiter member added address={} members={}",
                    event.getMember().getAddress(),
                    event.getMembers().size());
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            log.warn(
                    "limiter member gone address={} members={}",
                    event.getMember().getAddress(),
                    event.getMembers().size());
        }
    }

    @Override
    public CompletionStage<Taken> take(BucketKey key, LimitRule rule, long tokens) {
        AsyncBucketProxy bucket = bucket(key, rule);
        if (tokens == 0) {
            return bucket.estimateAbilityToConsume(1)
                    .thenApply(
                            probe -> new Taken(true, probe.getRemainingTokens(), probe.getNanosToWaitForRefill(), 0));
        }
        return bucket.tryConsumeAndReturnRemaining(tokens)
                .thenApply(probe -> new Taken(
                        probe.isConsumed(),
                        probe.getRemainingTokens(),
                        probe.getNanosToWaitForRefill(),
                        probe.getNanosToWaitForReset()));
    }

    @Override
    public CompletionStage<?> giveBack(BucketKey key, LimitRule rule, long tokens) {
        return bucket(key, rule).addTokens(tokens);
    }

    private AsyncBucketProxy bucket(BucketKey key, LimitRule rule) {
        Joined grid = joined;
        if (grid == null) {
            throw new IllegalStateException("limiter member has not joined");
        }
        var builder = grid.buckets().builder();
        if (rule.version() > 0) {
            builder = builder.withImplicitConfigurationReplacement(
                    rule.version(), TokensInheritanceStrategy.PROPORTIONALLY);
        }
        return builder.build(name(key), () -> CompletableFuture.completedFuture(configuration(rule)));
    }

    private static BucketConfiguration configuration(LimitRule rule) {
        return Buckets.configuration(rule, System.currentTimeMillis());
    }

    private static UUID name(BucketKey key) {
        return new UUID(key.high(), key.low());
    }

    @Override
    public int partitions() {
        return PARTITIONS;
    }

    @Override
    public int partition(BucketKey key) {
        Joined grid = joined;
        return grid == null ? 0 : grid.partitions().getPartition(name(key)).getPartitionId();
    }

    @Override
    public boolean isReady() {
        return joined != null;
    }

    @Override
    public int nodes() {
        return Math.max(Math.max(seenMembers(), settings.members().size()), 1);
    }

    /** This one included; 0 before it joined. */
    int seenMembers() {
        Joined grid = joined;
        return grid == null ? 0 : grid.member().getCluster().getMembers().size();
    }

    /** Leaves the cluster, handing its buckets over; takes up to a few seconds. */
    @Override
    public void close() {
        leave(HazelcastInstance::shutdown);
    }

    /** Is gone at once, as after {@code kill -9}. */
    void kill() {
        leave(member -> member.getLifecycleService().terminate());
    }

    private void leave(Consumer<HazelcastInstance> how) {
        Joined grid;
        synchronized (this) {
            closed = true;
            grid = joined;
            joined = null;
        }
        joining.interrupt();
        if (grid != null) {
            how.accept(grid.member());
        }
    }
}
