package io.sluice.gateway.tracing;

import brave.propagation.B3SingleFormat;
import brave.propagation.TraceContext;
import brave.propagation.TraceContextOrSamplingFlags;
import brave.propagation.TraceIdContext;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** How a trace's context travels in headers. The order is that in which a request is searched: the first that is found and whole counts. */
public enum PropagationFormat {
    /** {@code b3: <trace>-<span>-<sampled>-<parent>}. */
    B3_SINGLE("b3") {
        @Override
        @Nullable
        TraceContextOrSamplingFlags extract(RequestHeaders headers) {
            String b3 = headers.get("b3");
            return b3 == null ? null : B3SingleFormat.parseB3SingleFormat(b3);
        }

        @Override
        void inject(TraceContext context, RequestHeadersBuilder headers) {
            headers.set("b3", B3SingleFormat.writeB3SingleFormat(context));
        }
    },

    /** {@code x-b3-traceid} and its kin: what Envoy's Zipkin tracer writes. */
    B3_MULTI("x-b3-traceid") {
        @Override
        @Nullable
        TraceContextOrSamplingFlags extract(RequestHeaders headers) {
            String flags = headers.get("x-b3-flags");
            boolean debug = "1".equals(flags);
            Boolean sampled = debug ? Boolean.TRUE : sampled(headers.get("x-b3-sampled"));
            String trace = headers.get("x-b3-traceid");
            String span = headers.get("x-b3-spanid");
            if (trace == null) {
                return sampled == null ? null : flags(sampled, debug);
            }
            if (!isId(trace)) {
                return null;
            }
            long high = trace.length() == 32 ? HexFormat.fromHexDigitsToLong(trace, 0, 16) : 0;
            long low = HexFormat.fromHexDigitsToLong(trace, trace.length() - 16, trace.length());
            if (span == null) {
                return TraceContextOrSamplingFlags.create(TraceIdContext.newBuilder()
                        .traceIdHigh(high)
                        .traceId(low)
                        .sampled(sampled)
                        .debug(debug)
                        .build());
            }
            if (span.length() != 16 || !isId(span)) {
                return null;
            }
            return context(high, low, HexFormat.fromHexDigitsToLong(span), sampled, debug);
        }

        @Override
        void inject(TraceContext context, RequestHeadersBuilder headers) {
            headers.set("x-b3-traceid", context.traceIdString());
            headers.set("x-b3-spanid", context.spanIdString());
            String parent = context.parentIdString();
            if (parent == null) {
                headers.remove("x-b3-parentspanid");
            } else {
                headers.set("x-b3-parentspanid", parent);
            }
            if (context.debug()) {
                headers.set("x-b3-flags", "1").remove("x-b3-sampled");
            } else {
                headers.set("x-b3-sampled", Boolean.TRUE.equals(context.sampled()) ? "1" : "0");
                headers.remove("x-b3-flags");
            }
        }
    },

    /** {@code traceparent} of the W3C; {@code tracestate} passes through untouched, with the trace that it belongs to. */
    W3C("traceparent") {
        @Override
        @Nullable
        TraceContextOrSamplingFlags extract(RequestHeaders headers) {
            String header = headers.get("traceparent");
            if (header == null
                    || headers.getAll("traceparent").size() > 1
                    || header.length() < 55
                    || header.startsWith("ff")
                    || (header.length() > 55 && (header.startsWith("00") || header.charAt(55) != '-'))
                    || header.charAt(2) != '-'
                    || header.charAt(35) != '-'
                    || header.charAt(52) != '-') {
                return null;
            }
            String trace = header.substring(3, 35);
            String span = header.substring(36, 52);
            if (!isId(trace) || !isId(span) || !isHex(header.substring(0, 2)) || !isHex(header.substring(53, 55))) {
                return null;
            }
            boolean sampled = (HexFormat.fromHexDigit(header.charAt(54)) & 1) != 0;
            return context(
                    HexFormat.fromHexDigitsToLong(trace, 0, 16),
                    HexFormat.fromHexDigitsToLong(trace, 16, 32),
                    HexFormat.fromHexDigitsToLong(span),
                    sampled,
                    false);
        }

        @Override
        void inject(TraceContext context, RequestHeadersBuilder headers) {
            String id = context.traceIdString();
            String trace = id.length() == 16 ? "0000000000000000" + id : id;
            if (!headers.get("traceparent", "").startsWith(trace, 3)) {
                headers.remove("tracestate");
            }
            headers.set(
                    "traceparent",
                    "00-" + trace + "-" + context.spanIdString()
                            + (Boolean.TRUE.equals(context.sampled()) ? "-01" : "-00"));
        }
    };

    private final String header;

    PropagationFormat(String header) {
        this.header = header;
    }

    boolean isIn(RequestHeadersBuilder headers) {
        return headers.contains(header);
    }

    /** Null where the request has no context in this format, or a broken one. */
    abstract @Nullable TraceContextOrSamplingFlags extract(RequestHeaders headers);

    abstract void inject(TraceContext context, RequestHeadersBuilder headers);

    private static TraceContextOrSamplingFlags context(
            long high, long low, long span, @Nullable Boolean sampled, boolean debug) {
        TraceContext.Builder context =
                TraceContext.newBuilder().traceIdHigh(high).traceId(low).spanId(span);
        return TraceContextOrSamplingFlags.create(
                debug ? context.debug(true).build() : context.sampled(sampled).build());
    }

    private static TraceContextOrSamplingFlags flags(boolean sampled, boolean debug) {
        if (debug) {
            return TraceContextOrSamplingFlags.DEBUG;
        }
        return sampled ? TraceContextOrSamplingFlags.SAMPLED : TraceContextOrSamplingFlags.NOT_SAMPLED;
    }

    private static @Nullable Boolean sampled(@Nullable String header) {
        if (header == null) {
            return null;
        }
        return switch (header) {
            case "1", "true" -> Boolean.TRUE;
            case "0", "false" -> Boolean.FALSE;
            default -> null;
        };
    }

    /** 16 or 32 lower-case hexadecimal digits whose last 16 are not all zero. */
    private static boolean isId(String id) {
        return (id.length() == 16 || id.length() == 32)
                && isHex(id)
                && HexFormat.fromHexDigitsToLong(id, id.length() - 16, id.length()) != 0;
    }

    private static boolean isHex(String text) {
        return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
    }
}
