package io.sluice.gateway.filter.fault;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultDelay;
import io.envoyproxy.envoy.extensions.filters.common.fault.v3.FaultRateLimit;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.FaultAbort;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.accesslog.HeaderTestParser;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.FractionParser;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.fault.FaultFilter.Abort;
import io.sluice.gateway.filter.fault.FaultFilter.Delay;
import io.sluice.gateway.filter.fault.FaultFilter.Faults;
import io.sluice.gateway.filter.fault.FaultFilter.Slow;
import io.sluice.gateway.filter.fault.FaultFilter.Stats;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Reads Envoy's {@code envoy.extensions.filters.http.fault.v3}. Runtime keys are not asked: their defaults hold. */
public final class FaultFilterParser implements HttpFilterParser {
    private final HeaderTestParser headers;
    private final MeterRegistry metrics;
    private final LongSupplier random;
    private final Map<String, AtomicLong> active = new ConcurrentHashMap<>();

    /** @param random at least 0 */
    public FaultFilterParser(HeaderTestParser headers, MeterRegistry metrics, LongSupplier random) {
        this.headers = headers;
        this.metrics = metrics;
        this.random = random;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault";
    }

    @Override
    public String routeTypeUrl() {
        return typeUrl();
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return faults(config, problems).map(faults -> new FaultFilter.Factory(name, faults, stats(statPrefix), random));
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return faults(config, problems).map(faults -> faults);
    }

    private Stats stats(String statPrefix) {
        FilterMeters meters = new FilterMeters(metrics, statPrefix);
        AtomicLong underWay = active.computeIfAbsent(statPrefix, prefix -> {
            AtomicLong count = new AtomicLong();
            Gauge.builder("envoy.http.fault.active_faults", count, AtomicLong::get)
                    .tag("envoy_http_conn_manager_prefix", prefix)
                    .register(metrics);
            return count;
        });
        return new Stats(
                meters.counter("fault.delays_injected"),
                meters.counter("fault.aborts_injected"),
                meters.counter("fault.response_rl_injected"),
                meters.counter("fault.faults_overflow"),
                underWay);
    }

    private Optional<Faults> faults(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, HTTPFault.class, problems).flatMap(message -> {
            List<Predicate<RequestHeaders>> tests = new ArrayList<>();
            for (int i = 0; i < message.getHeadersCount(); i++) {
                headers.parse(message.getHeaders(i), problems.at("headers[" + i + "]"))
                        .ifPresent(tests::add);
            }
            Optional<Delay> delay =
                    message.hasDelay() ? delay(message.getDelay(), problems.at("delay")) : Optional.empty();
            Optional<Abort> abort =
                    message.hasAbort() ? abort(message.getAbort(), problems.at("abort")) : Optional.empty();
            Optional<Slow> slow = message.hasResponseRateLimit()
                    ? slow(message.getResponseRateLimit(), problems.at("response_rate_limit"))
                    : Optional.empty();
            boolean whole = tests.size() == message.getHeadersCount()
                    && delay.isPresent() == message.hasDelay()
                    && abort.isPresent() == message.hasAbort()
                    && slow.isPresent() == message.hasResponseRateLimit();
            return whole
                    ? Optional.of(new Faults(
                            delay.orElse(null),
                            abort.orElse(null),
                            slow.orElse(null),
                            message.getUpstreamCluster(),
                            tests,
                            Set.copyOf(message.getDownstreamNodesList()),
                            message.hasMaxActiveFaults()
                                    ? Integer.toUnsignedLong(
                                            message.getMaxActiveFaults().getValue())
                                    : -1))
                    : Optional.empty();
        });
    }

    private static Optional<Delay> delay(FaultDelay message, Problems problems) {
        return switch (message.getFaultDelaySecifierCase()) {
            case FIXED_DELAY ->
                Optional.of(new Delay(
                        Durations.toNanos(message.getFixedDelay()), FractionParser.parse(message.getPercentage())));
            case HEADER_DELAY -> Optional.of(new Delay(-1, FractionParser.parse(message.getPercentage())));
            case FAULTDELAYSECIFIER_NOT_SET ->
                problems.expected("fault_delay_secifier", "nothing", "fixed_delay or header_delay");
        };
    }

    private static Optional<Abort> abort(FaultAbort message, Problems problems) {
        var share = FractionParser.parse(message.getPercentage());
        return switch (message.getErrorTypeCase()) {
            case HTTP_STATUS -> Optional.of(new Abort(message.getHttpStatus(), -1, false, share));
            case GRPC_STATUS -> Optional.of(new Abort(-1, message.getGrpcStatus(), false, share));
            case HEADER_ABORT -> Optional.of(new Abort(-1, -1, true, share));
            case ERRORTYPE_NOT_SET ->
                problems.expected("error_type", "nothing", "http_status, grpc_status or header_abort");
        };
    }

    private static Optional<Slow> slow(FaultRateLimit message, Problems problems) {
        var share = FractionParser.parse(message.getPercentage());
        return switch (message.getLimitTypeCase()) {
            case FIXED_LIMIT -> Optional.of(new Slow(message.getFixedLimit().getLimitKbps(), share));
            case HEADER_LIMIT -> Optional.of(new Slow(-1, share));
            case LIMITTYPE_NOT_SET -> problems.expected("limit_type", "nothing", "fixed_limit or header_limit");
        };
    }
}
