package io.sluice.gateway.filter.fault;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.Counter;
import io.netty.util.concurrent.Future;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Piece;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.RouteAction.ClusterChoice;
import io.sluice.gateway.route.RouteMatch.Fraction;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.fault}: delays, then aborts, and slows answers down. Source: {@code fault_filter.cc}. */
final class FaultFilter implements HttpFilter {
    private final Faults own;
    private final Stats stats;
    private final LongSupplier random;
    private final int place;
    private @Nullable Faults faults;
    private @Nullable Future<?> delay;
    private @Nullable Throttle throttle;
    private boolean active;

    private FaultFilter(Faults own, Stats stats, LongSupplier random, int place) {
        this.own = own;
        this.stats = stats;
        this.random = random;
        this.place = place;
    }

    /**
     * @param cluster whose requests are meant; empty for all
     * @param nodes of callers, by {@code x-envoy-downstream-service-node}; empty for all
     * @param maxActive -1 for no limit
     */
    record Faults(
            @Nullable Delay delay,
            @Nullable Abort abort,
            @Nullable Slow slow,
            String cluster,
            List<Predicate<RequestHeaders>> headers,
            Set<String> nodes,
            long maxActive) {
        Faults {
            headers = List.copyOf(headers);
            nodes = Set.copyOf(nodes);
        }
    }

    /** @param fixedNanos -1 where the request's header says how long */
    record Delay(long fixedNanos, Fraction share) {}

    /**
     * @param http -1 for none
     * @param grpc -1 for none
     * @param byHeader whether the request's headers say what
     */
    record Abort(int http, int grpc, boolean byHeader, Fraction share) {}

    /** @param kibPerSecond -1 where the request's header says */
    record Slow(long kibPerSecond, Fraction share) {}

    /** @param active faults under way */
    record Stats(Counter delays, Counter aborts, Counter slowed, Counter overflow, AtomicLong active) {}

    record Factory(String name, Faults own, Stats stats, LongSupplier random) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(Phase.REQUEST_HEADERS, Phase.RESPONSE_DATA);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new FaultFilter(own, stats, random, place);
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        Faults given = exchange.routeConfig(place) instanceof Faults ofRoute ? ofRoute : own;
        if (!isMeant(exchange, headers, given)) {
            return Next.CONTINUE;
        }
        faults = given;
        slowDown(exchange, headers, given);
        long nanos = delayNanos(headers, given);
        if (nanos > 0 && begin(given)) {
            stats.delays().increment();
            exchange.addFlag(ResponseFlag.DI);
            delay = exchange.eventLoop().schedule(() -> delayed(exchange), nanos, TimeUnit.NANOSECONDS);
            return Next.PAUSE;
        }
        return abort(exchange, headers, given) ? Next.PAUSE : Next.CONTINUE;
    }

    private static boolean isMeant(Exchange exchange, RequestHeadersBuilder headers, Faults faults) {
        if (!faults.cluster().isEmpty() && !faults.cluster().equals(cluster(exchange))) {
            return false;
        }
        if (!faults.nodes().isEmpty() && !faults.nodes().contains(headers.get("x-envoy-downstream-service-node", ""))) {
            return false;
        }
        if (faults.headers().isEmpty()) {
            return true;
        }
        RequestHeaders built = exchange.requestHeaders();
        return faults.headers().stream().allMatch(test -> test.test(built));
    }

    private static String cluster(Exchange exchange) {
        Route route = exchange.route();
        if (route == null || !(route.action() instanceof RouteAction.Forward forward)) {
            return "";
        }
        ClusterChoice.Share share = exchange.share();
        return share != null
                ? share.cluster()
                : forward.cluster() instanceof ClusterChoice.Named named ? named.cluster() : "";
    }

    private void delayed(Exchange exchange) {
        delay = null;
        Faults given = faults;
        if (!exchange.isEnded() && given != null && !abort(exchange, exchange.request(), given)) {
            finish();
            exchange.resumeRequest(place);
        }
    }

    private long delayNanos(RequestHeadersBuilder headers, Faults given) {
        Delay wanted = given.delay();
        if (wanted == null || !hit(share(wanted.share(), headers, "x-envoy-fault-delay-request-percentage"))) {
            return 0;
        }
        return wanted.fixedNanos() >= 0
                ? wanted.fixedNanos()
                : TimeUnit.MILLISECONDS.toNanos(Math.max(0, number(headers, "x-envoy-fault-delay-request")));
    }

    private boolean abort(Exchange exchange, RequestHeadersBuilder headers, Faults given) {
        Abort wanted = given.abort();
        if (wanted == null || !hit(share(wanted.share(), headers, "x-envoy-fault-abort-request-percentage"))) {
            return false;
        }
        long http = wanted.http();
        long grpc = wanted.grpc();
        if (wanted.byHeader()) {
            http = number(headers, "x-envoy-fault-abort-request");
            grpc = number(headers, "x-envoy-fault-abort-grpc-request");
        }
        boolean byHttp = http >= 200 && http < 600;
        if ((!byHttp && grpc < 0) || !begin(given)) {
            return false;
        }
        stats.aborts().increment();
        exchange.reply(new LocalReply(
                byHttp ? (int) http : 200,
                "fault filter abort",
                HttpHeaders.of(),
                Set.of(ResponseFlag.FI),
                "fault_filter_abort",
                byHttp || grpc < 0 ? null : (int) grpc));
        return true;
    }

    private void slowDown(Exchange exchange, RequestHeadersBuilder headers, Faults given) {
        Slow wanted = given.slow();
        if (wanted == null || !hit(share(wanted.share(), headers, "x-envoy-fault-throughput-response-percentage"))) {
            return;
        }
        long rate = wanted.kibPerSecond() < 0
                ? number(headers, "x-envoy-fault-throughput-response")
                : wanted.kibPerSecond();
        if (rate > 0 && begin(given)) {
            stats.slowed().increment();
            throttle = new Throttle(exchange, place, rate);
        }
    }

    @Override
    public Next onResponseData(Exchange exchange, Piece piece) {
        return throttle == null ? Next.CONTINUE : throttle.take(piece);
    }

    private boolean hit(Fraction share) {
        return share.hit(random.getAsLong());
    }

    /** The request's header may make a share smaller. */
    private static Fraction share(Fraction configured, RequestHeadersBuilder headers, String name) {
        long asked = number(headers, name);
        return asked < 0 ? configured : new Fraction(Math.min(asked, configured.numerator()), configured.denominator());
    }

    /** -1 where there is none. */
    private static long number(RequestHeadersBuilder headers, String name) {
        String value = headers.get(name, "");
        if (value.isEmpty() || value.length() > 18) {
            return -1;
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < '0' || value.charAt(i) > '9') {
                return -1;
            }
        }
        return Long.parseLong(value);
    }

    /** @return false where there are too many already */
    private boolean begin(Faults given) {
        if (active) {
            return true;
        }
        if (given.maxActive() >= 0 && stats.active().get() >= given.maxActive()) {
            stats.overflow().increment();
            return false;
        }
        stats.active().incrementAndGet();
        active = true;
        return true;
    }

    private void finish() {
        if (active && throttle == null) {
            active = false;
            stats.active().decrementAndGet();
        }
    }

    @Override
    public void onComplete(Exchange exchange) {
        if (delay != null) {
            delay.cancel(false);
        }
        if (throttle != null) {
            throttle.stop();
            throttle = null;
        }
        finish();
    }

    /** Lets so much of an answer go on in each slice of a second. */
    private static final class Throttle {
        private static final int SLICES_PER_SECOND = 63;
        private static final long SLICE_MILLIS = 16;

        private final Exchange exchange;
        private final int place;
        private final int bytesPerSlice;
        private HttpData left = HttpData.empty();
        private @Nullable Future<?> next;

        Throttle(Exchange exchange, int place, long kibPerSecond) {
            this.exchange = exchange;
            this.place = place;
            bytesPerSlice = (int) Math.max(1, Math.min(Integer.MAX_VALUE, kibPerSecond * 1024 / SLICES_PER_SECOND));
        }

        Next take(Piece piece) {
            if (piece.data().isEmpty()) {
                return Next.CONTINUE;
            }
            left = HttpData.copyOf(piece.data().array());
            piece.replace(HttpData.empty());
            next = exchange.eventLoop().schedule(this::send, SLICE_MILLIS, TimeUnit.MILLISECONDS);
            return Next.PAUSE;
        }

        private void send() {
            if (exchange.isEnded()) {
                return;
            }
            int now = Math.min(bytesPerSlice, left.length());
            byte[] bytes = left.array();
            exchange.injectResponseData(place, HttpData.wrap(bytes, 0, now), false);
            left = HttpData.wrap(bytes, now, bytes.length - now);
            if (left.isEmpty()) {
                next = null;
                exchange.resumeResponse(place);
            } else {
                next = exchange.eventLoop().schedule(this::send, SLICE_MILLIS, TimeUnit.MILLISECONDS);
            }
        }

        void stop() {
            if (next != null) {
                next.cancel(false);
            }
        }
    }
}
