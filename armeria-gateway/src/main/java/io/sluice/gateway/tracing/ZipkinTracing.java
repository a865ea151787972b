package io.sluice.gateway.tracing;

import brave.Span;
import brave.Tracer;
import brave.handler.SpanHandler;
import brave.propagation.CurrentTraceContext;
import brave.propagation.TraceContext;
import brave.propagation.TraceContextOrSamplingFlags;
import brave.sampler.Sampler;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import zipkin2.reporter.BytesMessageSender;
import zipkin2.reporter.brave.AsyncZipkinSpanHandler;
import zipkin2.reporter.urlconnection.URLConnectionSender;

/**
 * Traces with Brave, reported to a Zipkin collector by a thread of its own: a collector that is down or hangs costs spans, which are
 * counted, and never a request. Contexts travel with their objects; no thread-local is read or set.
 */
public final class ZipkinTracing implements Tracing, AutoCloseable {
    /** What Envoys and most services understand. */
    public static final Set<PropagationFormat> DEFAULT_FORMATS =
            Set.of(PropagationFormat.B3_MULTI, PropagationFormat.W3C);

    private static final PropagationFormat[] FORMATS = PropagationFormat.values();
    static final int MAX_WAITING_SPANS = 10_000;

    private final SpanHandler reporter;
    private final brave.Tracing spans;
    private final Tracer tracer;
    private final Set<PropagationFormat> inject;
    private final DoubleSupplier random;

    private ZipkinTracing(
            SpanHandler reporter, String serviceName, Set<PropagationFormat> inject, DoubleSupplier random) {
        this.reporter = reporter;
        this.inject = EnumSet.copyOf(inject);
        this.random = random;
        spans = brave.Tracing.newBuilder()
                .localServiceName(serviceName)
                .currentTraceContext(NoCurrentContext.INSTANCE)
                .traceId128Bit(true)
                .supportsJoin(false)
                .sampler(Sampler.NEVER_SAMPLE)
                .addSpanHandler(reporter)
                .build();
        tracer = spans.tracer();
    }

    /**
     * @param collector {@code http://host:9411/api/v2/spans}
     * @param inject at least one: in which formats the context goes upstream, beside those in which it came
     * @param flushEvery how long a span may wait for others before it is sent
     */
    public static ZipkinTracing reportTo(
            URI collector,
            String serviceName,
            Set<PropagationFormat> inject,
            Duration flushEvery,
            MeterRegistry metrics) {
        BytesMessageSender sender = URLConnectionSender.newBuilder()
                .endpoint(collector.toString())
                .connectTimeout(1_000)
                .readTimeout(5_000)
                .build();
        AsyncZipkinSpanHandler reporter = AsyncZipkinSpanHandler.newBuilder(
                        new CollectorWatch(sender, collector, metrics))
                .messageTimeout(flushEvery.toMillis(), TimeUnit.MILLISECONDS)
                .closeTimeout(2, TimeUnit.SECONDS)
                .queuedMaxSpans(MAX_WAITING_SPANS)
                .metrics(new ReportMetrics(metrics))
                .build();
        return reportTo(
                reporter, serviceName, inject, () -> ThreadLocalRandom.current().nextDouble());
    }

    /** @param random 0 up to 1, each request asks once */
    static ZipkinTracing reportTo(
            SpanHandler reporter, String serviceName, Set<PropagationFormat> inject, DoubleSupplier random) {
        return new ZipkinTracing(reporter, serviceName, inject, random);
    }

    @Override
    public RequestTrace start(RequestHeaders headers, TracePolicy policy) {
        if (!policy.enabled()) {
            return UntracedRequest.INSTANCE;
        }
        TraceContextOrSamplingFlags found = extract(headers);
        if (found.sampled() == null) {
            found = found.sampled(random.getAsDouble() * 100 < policy.randomSampling());
        }
        if (Boolean.TRUE.equals(found.sampled())
                && policy.overallSampling() < 100
                && random.getAsDouble() * 100 >= policy.overallSampling()) {
            found = found.sampled(false);
        }
        Span server = tracer.nextSpan(found).kind(Span.Kind.SERVER).start();
        return new TracedRequest(server, policy.spawnUpstreamSpan());
    }

    private static TraceContextOrSamplingFlags extract(RequestHeaders headers) {
        for (PropagationFormat format : FORMATS) {
            TraceContextOrSamplingFlags found = format.extract(headers);
            if (found != null) {
                return found;
            }
        }
        return TraceContextOrSamplingFlags.EMPTY;
    }

    /** Sends what waits, for two seconds at most. */
    @Override
    public void close() {
        if (reporter instanceof AsyncZipkinSpanHandler async) {
            async.close();
        }
        spans.close();
    }

    private final class TracedRequest implements RequestTrace {
        private final Span server;
        private final boolean spanPerAttempt;
        private @Nullable Span attempt;

        TracedRequest(Span server, boolean spanPerAttempt) {
            this.server = server;
            this.spanPerAttempt = spanPerAttempt;
        }

        @Override
        public String traceId() {
            return server.context().traceIdString();
        }

        @Override
        public void attempt(int number, String cluster, String endpoint, RequestHeadersBuilder headers) {
            TraceContext context = server.context();
            if (spanPerAttempt) {
                Span span = tracer.newChild(context).kind(Span.Kind.CLIENT);
                SpanTags.attemptStart(span, number, cluster, endpoint);
                int port = endpoint.lastIndexOf(':');
                if (port > 0) {
                    span.remoteServiceName(cluster);
                    span.remoteIpAndPort(
                            endpoint.substring(0, port).replace("[", "").replace("]", ""),
                            Integer.parseInt(endpoint.substring(port + 1)));
                }
                attempt = span.start();
                context = span.context();
            }
            for (PropagationFormat format : FORMATS) {
                // What the caller sent must not reach the upstream beside another context.
                if (inject.contains(format) || format.isIn(headers)) {
                    format.inject(context, headers);
                }
            }
        }

        @Override
        public void attemptEnd(int number, int status, String failure) {
            Span span = attempt;
            if (span != null) {
                SpanTags.attemptEnd(span, status, failure);
                span.finish();
                attempt = null;
            }
        }

        @Override
        public void end(Facts facts) {
            attemptEnd(0, 0, "");
            SpanTags.server(server, facts);
            server.finish();
        }
    }

    /** Brave asks for the context of the thread where none is given; here one is always given. */
    private static final class NoCurrentContext extends CurrentTraceContext {
        static final NoCurrentContext INSTANCE = new NoCurrentContext();

        @Override
        public @Nullable TraceContext get() {
            return null;
        }

        @Override
        public Scope newScope(@Nullable TraceContext context) {
            return Scope.NOOP;
        }
    }
}
