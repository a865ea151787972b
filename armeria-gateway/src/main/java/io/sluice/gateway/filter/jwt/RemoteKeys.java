package io.sluice.gateway.filter.jwt;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.netty.channel.EventLoop;
import io.sluice.gateway.filter.jwt.JwkSetReader.UnusableException;
import io.sluice.gateway.upstream.HttpCalls;
import io.sluice.gateway.upstream.HttpCalls.Outcome;
import io.sluice.gateway.upstream.RetryPolicy;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys that an issuer publishes: fetched when a token needs them and they are not fresh, or before that where the configuration says so. While
 * the issuer is away the last good ones count for a day. Only the addresses of the configuration are ever asked, whatever a token says.
 */
final class RemoteKeys implements KeySource {
    /** An issuer with more has something wrong with it. */
    static final int MAX_ANSWER_BYTES = 1024 * 1024;

    static final Duration STALE = Duration.ofHours(24);
    static final Duration UNKNOWN_KEY_PAUSE = Duration.ofSeconds(30);

    /** Before an issuer is asked again that did not answer. */
    private static final Duration FAILURE_PAUSE = Duration.ofSeconds(1);

    /** How long before their end keys are fetched anew, where nobody shall wait for it. */
    private static final Duration AHEAD = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(RemoteKeys.class);

    private final Address address;
    private final HttpCalls calls;
    private final LongSupplier nanoTime;
    private final JwtStats stats;
    private final EventLoop loop;
    private volatile @Nullable Fetched last;

    // on the loop
    private final List<Consumer<@Nullable JwkSet>> waiting = new ArrayList<>();
    private boolean fetching;
    private boolean failing;
    private boolean begun;
    private long nextUnknown;

    /** @param freshUntil nanoTime of its end, later where the issuer is away */
    private record Fetched(JwkSet keys, long at, long freshUntil) {}

    /**
     * @param cached how long keys are fresh
     * @param refetchAfterFailure null where keys are fetched only on demand
     */
    record Address(
            String cluster,
            String authority,
            String path,
            boolean tls,
            Duration timeout,
            Duration cached,
            @Nullable Duration refetchAfterFailure,
            RetryPolicy retry) {
        @Override
        public String toString() {
            return (tls ? "https://" : "http://") + authority + path;
        }
    }

    RemoteKeys(Address address, HttpCalls calls, LongSupplier nanoTime, JwtStats stats) {
        this.address = address;
        this.calls = calls;
        this.nanoTime = nanoTime;
        this.stats = stats;
        loop = calls.loop();
        nextUnknown = nanoTime.getAsLong();
    }

    @Override
    public @Nullable JwkSet current() {
        Fetched fetched = last;
        return fetched != null && fetched.freshUntil() - nanoTime.getAsLong() > 0 ? fetched.keys() : null;
    }

    @Override
    public void fetch(EventLoop caller, Consumer<@Nullable JwkSet> then) {
        loop.execute(() -> {
            JwkSet fresh = current();
            if (fresh != null) {
                caller.execute(() -> then.accept(fresh));
            } else {
                enqueue(caller, then);
            }
        });
    }

    @Override
    public void fetchUnknown(EventLoop caller, Consumer<@Nullable JwkSet> then) {
        loop.execute(() -> {
            long now = nanoTime.getAsLong();
            if (fetching || nextUnknown - now <= 0) {
                if (!fetching) {
                    nextUnknown = now + UNKNOWN_KEY_PAUSE.toNanos();
                }
                enqueue(caller, then);
            } else {
                JwkSet fresh = current();
                caller.execute(() -> then.accept(fresh));
            }
        });
    }

    /** On the loop. */
    private void enqueue(EventLoop caller, Consumer<@Nullable JwkSet> then) {
        waiting.add(keys -> caller.execute(() -> then.accept(keys)));
        start();
    }

    @Override
    public void begin() {
        if (address.refetchAfterFailure() != null) {
            loop.execute(() -> {
                if (!begun) {
                    begun = true;
                    start();
                }
            });
        }
    }

    private void start() {
        if (!fetching) {
            fetching = true;
            calls.send(loop, request(), this::arrived);
        }
    }

    private HttpCalls.Request request() {
        return new HttpCalls.Request(
                address.cluster(),
                RequestHeaders.builder(HttpMethod.GET, address.path())
                        .scheme(address.tls() ? "https" : "http")
                        .authority(address.authority())
                        .set("user-agent", "Go-browser") // Envoy's, without which some issuers refuse to answer
                        .build(),
                HttpData.empty(),
                true,
                address.timeout(),
                MAX_ANSWER_BYTES,
                address.retry());
    }

    private void arrived(Outcome outcome) {
        fetching = false;
        String problem = "";
        try {
            problem = switch (outcome) {
                case Outcome.Failed failed -> failed.reason();
                case Outcome.Answered answered -> {
                    if (answered.headers().status().code() != 200) {
                        yield "status " + answered.headers().status().code();
                    }
                    good(JwkSetReader.read(answered.body().array()));
                    yield "";
                }
            };
        } catch (UnusableException e) {
            problem = String.valueOf(e.getMessage());
        }
        if (!problem.isEmpty()) {
            bad(problem);
        }
        Fetched usable = last;
        JwkSet keys = usable == null ? null : usable.keys();
        List<Consumer<@Nullable JwkSet>> told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(then -> then.accept(keys));
    }

    private void good(JwkSet keys) {
        stats.fetched().increment();
        long now = nanoTime.getAsLong();
        last = new Fetched(keys, now, now + address.cached().toNanos());
        if (failing) {
            failing = false;
            log.info("jwks fetched again uri={} keys={}", address, keys.keys().size());
        }
        if (!keys.unusable().isEmpty()) {
            log.debug("jwks keys left out uri={} reasons={}", address, keys.unusable());
        }
        Duration ahead =
                address.cached().compareTo(AHEAD) > 0 ? address.cached().minus(AHEAD) : address.cached();
        again(ahead);
    }

    private void bad(String problem) {
        stats.notFetched().increment();
        Fetched before = last;
        long now = nanoTime.getAsLong();
        boolean usable = before != null && now - before.at() < STALE.toNanos();
        if (!failing) {
            failing = true;
            log.warn("jwks not fetched uri={} reason={} still-using={}", address, problem, usable);
        }
        if (before != null && usable) {
            if (before.freshUntil() - now <= 0) {
                last = new Fetched(before.keys(), before.at(), now + FAILURE_PAUSE.toNanos());
            }
        } else {
            last = null;
        }
        Duration pause = address.refetchAfterFailure();
        again(pause == null ? FAILURE_PAUSE : pause);
    }

    /** Where keys are fetched without being asked for, and as long as somebody holds this object. */
    private void again(Duration after) {
        if (address.refetchAfterFailure() == null) {
            return;
        }
        WeakReference<RemoteKeys> self = new WeakReference<>(this);
        loop.schedule(
                () -> {
                    RemoteKeys keys = self.get();
                    if (keys != null) {
                        keys.start();
                    }
                },
                after.toNanos(),
                TimeUnit.NANOSECONDS);
    }
}
