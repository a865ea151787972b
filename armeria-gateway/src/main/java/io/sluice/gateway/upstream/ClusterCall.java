package io.sluice.gateway.upstream;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.channel.EventLoop;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.cluster.Cluster;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.cluster.Pick;
import io.sluice.gateway.cluster.breaker.Breakers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A call and its attempts, as Envoy's router makes them. */
final class ClusterCall implements UpstreamCall, Pick {
    private static final AsciiString X_ENVOY_IMMEDIATE_HEALTH_CHECK_FAIL =
            AsciiString.cached("x-envoy-immediate-health-check-fail");
    private static final int WAITING_BYTES = 64 * 1024;
    private static final int GATEWAY_TIMEOUT = 504;

    private final ConnectionPools pools;
    private final Cluster cluster;
    private final ClusterMeters meters;
    private final EventLoop loop;
    private final RequestHeaders headers;
    private final CallPolicy policy;
    private final RetryPolicy retry;
    private final Listener listener;
    private final Breakers breakers;
    private final Deque<HttpData> kept = new ArrayDeque<>(2);
    private final List<LiveEndpoint> tried = new ArrayList<>(1);
    private long keptBytes;
    private final boolean allowed;
    private boolean replayable;
    private boolean abandoned;
    private boolean requestEnded;
    private @Nullable HttpHeaders trailers;
    private @Nullable Try current;
    /** Tries that took too long and go on beside the next one; null where there are none. */
    private @Nullable List<Try> raced;

    private @Nullable Set<Integer> triedPriorities;
    private @Nullable Future<?> timeout;
    private @Nullable Future<?> backoff;
    private int attempts;
    private boolean responseBegun;
    private boolean holdsRetry;
    private boolean over;

    ClusterCall(
            ConnectionPools pools,
            Cluster cluster,
            ClusterMeters meters,
            EventLoop loop,
            RequestHeaders headers,
            boolean end,
            CallPolicy policy,
            Listener listener) {
        this.pools = pools;
        this.cluster = cluster;
        this.meters = meters;
        this.loop = loop;
        this.headers = headers;
        this.policy = policy;
        this.listener = listener;
        retry = policy.retry();
        replayable =
                retry.maxRetries() > 0 && (!retry.on().isEmpty() || retry.rare().hedges());
        allowed = RetryConditions.allowed(retry, headers);
        requestEnded = end;
        breakers = ConnectionPools.breakers(cluster, policy.priority());
    }

    void begin() {
        if (over) {
            return;
        }
        if (requestEnded) {
            startTimeout();
        }
        attempt();
    }

    // --- the request

    @Override
    public void requestData(HttpData data, boolean end) {
        if (over) {
            data.close();
            return;
        }
        requestEnded |= end;
        Try running = current;
        UpstreamStream stream = running == null ? null : running.stream;
        if (replayable) {
            keep(stream == null ? data : duplicate(data));
            if (keptBytes > policy.bufferLimit()) {
                replayable = false;
                abandoned = true;
                if (backoff != null) {
                    fail(Failures.BUFFER_OVERFLOW);
                    return;
                }
                if (stream != null) {
                    releaseKept();
                }
            }
        } else if (stream == null) {
            keep(data);
        }
        if (stream != null) {
            stream.data(data, end);
        }
        if (end) {
            requestComplete(running);
        }
    }

    @Override
    public void requestTrailers(HttpHeaders trailers) {
        if (over) {
            return;
        }
        this.trailers = trailers;
        requestEnded = true;
        Try running = current;
        if (running != null && running.stream != null) {
            running.stream.trailers(trailers);
        }
        requestComplete(running);
    }

    private void requestComplete(@Nullable Try running) {
        startTimeout();
        if (running != null && running.stream != null) {
            running.startTimers();
        }
    }

    private void keep(HttpData data) {
        kept.add(data);
        keptBytes += data.length();
    }

    /** The same bytes under a reference of their own. */
    private static HttpData duplicate(HttpData data) {
        return data.isPooled() ? HttpData.wrap(data.byteBuf().retainedDuplicate()) : data;
    }

    private void releaseKept() {
        kept.forEach(HttpData::close);
        kept.clear();
        keptBytes = 0;
    }

    @Override
    public boolean isWritable() {
        Try running = current;
        if (running != null && running.stream != null) {
            return running.stream.isWritable();
        }
        return keptBytes < WAITING_BYTES;
    }

    @Override
    public void pauseResponse() {
        if (current != null && current.stream != null) {
            current.stream.pause();
        }
    }

    @Override
    public void resumeResponse() {
        if (current != null && current.stream != null) {
            current.stream.resume();
        }
    }

    @Override
    public void cancel() {
        if (!over) {
            Try running = current;
            finish();
            if (running != null) {
                running.abandon(0);
            }
        }
    }

    // --- attempts

    private void attempt() {
        backoff = null;
        LiveEndpoint endpoint = cluster.pick(this);
        if (endpoint == null) {
            meters.noHealthyEndpoint();
            fail(Failures.NO_HEALTHY_UPSTREAM);
            return;
        }
        if (replayable) {
            tried.add(endpoint);
            leaveOutPriorities();
        }
        attempts++;
        RequestHeadersBuilder out = headers.toBuilder();
        listener.onAttempt(attempts, endpoint.endpoint(), out);
        Try next = new Try(endpoint, out.build());
        current = next;
        meters.requestBegins();
        next.pool.open(next);
    }

    // --- what is wanted of an endpoint

    @Override
    public OptionalLong hash() {
        return listener.hash();
    }

    @Override
    public boolean avoids(LiveEndpoint endpoint) {
        return (retry.avoidPreviousHosts() && tried.contains(endpoint))
                || (retry.rare().omitCanary() && endpoint.endpoint().traits().canary());
    }

    @Override
    public int furtherLooks() {
        return (retry.avoidPreviousHosts() || retry.rare().omitCanary()) && !tried.isEmpty()
                ? retry.hostSelectionAttempts()
                : 0;
    }

    @Override
    public boolean avoidsPriorities() {
        return triedPriorities != null;
    }

    @Override
    public boolean avoidsPriority(int priority) {
        return triedPriorities != null && triedPriorities.contains(priority);
    }

    private void leaveOutPriorities() {
        int every = retry.rare().priorityUpdate();
        if (every > 0 && tried.size() % every == 0) {
            triedPriorities = tried.stream()
                    .map(endpoint -> endpoint.endpoint().priority())
                    .collect(Collectors.toSet());
        }
    }

    // --- time

    private void startTimeout() {
        if (timeout == null && !policy.timeout().isZero()) {
            timeout = loop.schedule(this::timedOut, policy.timeout().toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void timedOut() {
        if (over) {
            return;
        }
        meters.timeout();
        Try running = current;
        if (running != null) {
            running.abandon(GATEWAY_TIMEOUT);
        }
        fail(Failures.TIMEOUT);
    }

    /**
     * Tries again if the policy has a try left and all of the body so far was kept.
     *
     * @param answer which is the reason; null where there is none
     * @return whether another attempt is under way
     */
    private boolean tryAgain(@Nullable ResponseHeadersBuilder answer) {
        if (responseBegun || abandoned || !allowed) {
            return false;
        }
        if (attempts > retry.maxRetries()) {
            meters.retriesExhausted();
            listener.onRetriesExhausted();
            return false;
        }
        releaseRetryPermit();
        if (!breakers.retries().tryAcquire()) {
            meters.retryOverflow();
            listener.onRetryOverflow();
            return false;
        }
        holdsRetry = true;
        meters.retry();
        backoff = loop.schedule(this::attempt, backoffNanos(answer), TimeUnit.NANOSECONDS);
        return true;
    }

    private long backoffNanos(@Nullable ResponseHeadersBuilder answer) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        long reset = answer == null
                ? 0
                : RetryConditions.resetNanos(
                        retry, answer, TimeUnit.MILLISECONDS.toSeconds(System.currentTimeMillis()));
        if (reset > 0) {
            return reset + random.nextLong(reset / 2);
        }
        long base = retry.backoffBase().toNanos();
        long bound = Math.min(
                base * ((1L << Math.min(attempts, 20)) - 1), retry.backoffMax().toNanos());
        return random.nextLong(Math.max(1, bound));
    }

    private void releaseRetryPermit() {
        if (holdsRetry) {
            holdsRetry = false;
            breakers.retries().release();
        }
    }

    private void fail(UpstreamFailure failure) {
        finish();
        listener.onFailure(failure);
    }

    private void finish() {
        over = true;
        current = null;
        dropRaced();
        if (timeout != null) {
            timeout.cancel(false);
        }
        if (backoff != null) {
            backoff.cancel(false);
        }
        releaseRetryPermit();
        releaseKept();
    }

    private boolean anyUnderWay() {
        return current != null || backoff != null || (raced != null && !raced.isEmpty());
    }

    private void dropRaced() {
        List<Try> others = raced;
        raced = null;
        if (others != null) {
            others.forEach(other -> other.abandon(0));
        }
    }

    /** One attempt. */
    private final class Try implements UpstreamStream.User {
        private final LiveEndpoint endpoint;
        private final RequestHeaders out;
        private final int number;
        private final EndpointPool pool;
        private @Nullable UpstreamStream stream;
        private @Nullable Future<?> perTry;
        private @Nullable Future<?> perTryIdle;
        private boolean begun;
        private int status;

        Try(LiveEndpoint endpoint, RequestHeaders out) {
            this.endpoint = endpoint;
            this.out = out;
            number = attempts;
            pool = pools.pool(loop, cluster, endpoint, policy.priority(), out.authority());
        }

        private boolean stale() {
            return current != this && !isRaced();
        }

        private boolean isRaced() {
            return raced != null && raced.contains(this);
        }

        private void leaveRace() {
            if (raced != null) {
                raced.remove(this);
            }
        }

        /** Its answer is the one that counts. */
        private void win() {
            Try other = current;
            leaveRace();
            current = this;
            if (other != null && other != this) {
                other.abandon(0);
            }
            dropRaced();
            if (backoff != null) {
                backoff.cancel(false);
                backoff = null;
            }
        }

        /** Goes on, beside another try where one is left. */
        private void race() {
            meters.perTryTimeout();
            cluster.failed(endpoint, true);
            if (tryAgain(null)) {
                current = null;
                if (raced == null) {
                    raced = new ArrayList<>(1);
                }
                raced.add(this);
            }
        }

        @Override
        public void onReady(UpstreamStream ready) {
            if (stale()) {
                ready.reset();
                return;
            }
            stream = ready;
            begun = true;
            endpoint.begin();
            cluster.connected(endpoint);
            listener.onConnected(ready.localAddress(), ready.remoteAddress(), ready.protocol());
            boolean bare = requestEnded && kept.isEmpty() && trailers == null;
            ready.headers(out, bare);
            int left = kept.size();
            for (HttpData data : kept) {
                left--;
                ready.data(replayable ? duplicate(data) : data, left == 0 && requestEnded && trailers == null);
            }
            if (!replayable) {
                kept.clear();
                keptBytes = 0;
            }
            if (trailers != null) {
                ready.trailers(trailers);
            }
            if (requestEnded) {
                startTimers();
            } else {
                listener.onWritable();
            }
        }

        void startTimers() {
            Duration limit = retry.perTryTimeout();
            if (perTry == null && !limit.isZero() && !responseBegun) {
                perTry = loop.schedule(
                        () -> tryTimedOut(Failures.PER_TRY_TIMEOUT), limit.toNanos(), TimeUnit.NANOSECONDS);
            }
            startIdleTimer();
        }

        private void startIdleTimer() {
            Duration limit = retry.perTryIdleTimeout();
            if (!limit.isZero()) {
                if (perTryIdle != null) {
                    perTryIdle.cancel(false);
                }
                perTryIdle = loop.schedule(
                        () -> tryTimedOut(Failures.PER_TRY_IDLE_TIMEOUT), limit.toNanos(), TimeUnit.NANOSECONDS);
            }
        }

        private void tryTimedOut(UpstreamFailure failure) {
            if (stale()) {
                return;
            }
            if (retry.rare().hedges() && failure.equals(Failures.PER_TRY_TIMEOUT) && !responseBegun) {
                perTry = null;
                race();
                return;
            }
            meters.perTryTimeout();
            abandon(GATEWAY_TIMEOUT);
            current = null;
            if (responseBegun || !RetryConditions.wantedAfterTimeout(retry) || !tryAgain(null)) {
                fail(failure);
            }
        }

        /** Ends the attempt from our side. */
        void abandon(int asStatus) {
            pool.forget(this);
            settle(asStatus, asStatus == 0 ? null : ResetReason.LOCAL_RESET);
            if (stream != null) {
                stream.reset();
            }
        }

        /** Books the outcome; once. @param asStatus 0 where there was none of the upstream's making */
        private void settle(int asStatus, @Nullable ResetReason reason) {
            cancelTimers();
            if (begun) {
                begun = false;
                endpoint.end(reason != null || asStatus >= 500);
            }
            if (status == 0 && asStatus == GATEWAY_TIMEOUT) {
                cluster.failed(endpoint, true);
            } else if (reason != null && reason != ResetReason.OVERFLOW && asStatus == 0) {
                cluster.failed(endpoint, false);
            }
            meters.requestEnds(asStatus);
            listener.onAttemptEnd(number, endpoint.endpoint(), asStatus, reason);
        }

        private void cancelTimers() {
            if (perTry != null) {
                perTry.cancel(false);
                perTry = null;
            }
            if (perTryIdle != null) {
                perTryIdle.cancel(false);
                perTryIdle = null;
            }
        }

        @Override
        public void onInformational(ResponseHeaders informational) {
            if (!stale()) {
                listener.onInformational(informational);
            }
        }

        @Override
        public void onHeaders(ResponseHeadersBuilder response, boolean end) {
            if (stale()) {
                return;
            }
            status = response.status().code();
            cluster.answered(endpoint, status);
            if (response.contains(X_ENVOY_IMMEDIATE_HEALTH_CHECK_FAIL)) {
                cluster.failedAtOnce(endpoint);
            }
            if (RetryConditions.wanted(retry, response) && leftToAnother(response)) {
                settle(status, null);
                if (!end && stream != null) {
                    stream.reset();
                }
                return;
            }
            win();
            responseBegun = true;
            releaseKeptForResponse();
            if (perTry != null) {
                perTry.cancel(false);
            }
            if (end) {
                succeed();
            }
            listener.onHeaders(response, end);
        }

        /** @return whether another try, under way or still to come, is waited for in place of this bad answer */
        private boolean leftToAnother(ResponseHeadersBuilder response) {
            if (isRaced()) {
                leaveRace();
                return anyUnderWay();
            }
            if (tryAgain(response)) {
                current = null;
                return true;
            }
            return false;
        }

        @Override
        public void onData(HttpData data, boolean end) {
            if (stale()) {
                data.close();
                return;
            }
            if (perTryIdle != null) {
                startIdleTimer();
            }
            if (end) {
                succeed();
            }
            listener.onData(data, end);
        }

        @Override
        public void onTrailers(HttpHeaders received) {
            if (!stale()) {
                succeed();
                listener.onTrailers(received);
            }
        }

        private void succeed() {
            settle(status, null);
            finish();
        }

        @Override
        public void onReset(ResetReason reason, String transportFailure) {
            if (stale()) {
                return;
            }
            boolean first = !isRaced();
            if (first) {
                current = null;
            } else {
                leaveRace();
            }
            boolean requestBegun = begun;
            if (reason == ResetReason.OVERFLOW) {
                meters.overflow();
            }
            settle(0, reason);
            boolean retried = attempts > 1;
            if (!responseBegun
                    && ((first && RetryConditions.wanted(retry, reason, requestBegun) && tryAgain(null))
                            || anyUnderWay())) {
                return;
            }
            fail(Failures.reset(reason, transportFailure, responseBegun, retried));
        }

        @Override
        public void onWritable() {
            if (!stale()) {
                listener.onWritable();
            }
        }
    }

    private void releaseKeptForResponse() {
        replayable = false;
        if (current != null && current.stream != null) {
            releaseKept();
        }
    }
}
