package io.sluice.gateway.tracing;

import static org.assertj.core.api.Assertions.assertThat;

import brave.propagation.TraceContext;
import brave.propagation.TraceContextOrSamplingFlags;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sources: openzipkin/b3-propagation; W3C Trace Context, level 1. */
class PropagationFormatTest {
    private static RequestHeaders headers(@Nullable String lines) {
        RequestHeadersBuilder builder = RequestHeaders.builder(HttpMethod.GET, "/");
        if (lines != null) {
            Stream.of(lines.split(" "))
                    .forEach(line ->
                            builder.add(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
        }
        return builder.build();
    }

    /** {@code trace/span/decision}, with {@code d} for debug and {@code ?} for none. */
    private static String shown(@Nullable TraceContextOrSamplingFlags found) {
        if (found == null) {
            return "nothing";
        }
        TraceContext context = found.context();
        String ids = context != null
                ? context.traceIdString() + "/" + context.spanIdString()
                : found.traceIdContext() != null ? found.traceIdContext().traceIdString() + "/" : "/";
        boolean debug = context != null
                ? context.debug()
                : found.samplingFlags() != null && found.samplingFlags().debug();
        return ids + "/" + (debug ? "d" : found.sampled() == null ? "?" : found.sampled() ? "1" : "0");
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        none                                                                     | nothing
        b3=0                                                                     | //0
        b3=1                                                                     | //1
        b3=d                                                                     | //d
        b3=463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1                   | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/1
        b3=463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0                   | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/0
        b3=463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-d                   | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/d
        b3=463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312                     | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/?
        b3=48485a3953bb6124-a2fb4a1d1a96d312-1-0020000000000001                  | 48485a3953bb6124/a2fb4a1d1a96d312/1
        b3=48485a3953bb6124                                                      | nothing
        b3=48485a3953bb6124-a2fb4a1d1a96d312-2                                   | nothing
        b3=48485a3953bb612g-a2fb4a1d1a96d312-1                                   | nothing
        b3=8485a3953bb6124-a2fb4a1d1a96d312-1                                    | nothing
        b3=0000000000000000-a2fb4a1d1a96d312-1                                   | nothing
        b3=x                                                                     | nothing
        """)
    void readsB3Single(@Nullable String lines, String expected) {
        assertThat(shown(PropagationFormat.B3_SINGLE.extract(headers(lines)))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        none                                                                     | nothing
        x-b3-sampled=0                                                           | //0
        x-b3-sampled=1                                                           | //1
        x-b3-sampled=false                                                       | //0
        x-b3-sampled=true                                                        | //1
        x-b3-sampled=x                                                           | nothing
        x-b3-flags=1                                                             | //d
        x-b3-flags=1 x-b3-sampled=0                                              | //d
        x-b3-flags=0                                                             | nothing
        x-b3-traceid=463ac35c9f6413ad48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d312 x-b3-sampled=1 | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/1
        x-b3-traceid=463ac35c9f6413ad48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d312 x-b3-sampled=0 | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/0
        x-b3-traceid=463ac35c9f6413ad48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d312 x-b3-flags=1   | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/d
        x-b3-traceid=463ac35c9f6413ad48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d312                | 463ac35c9f6413ad48485a3953bb6124/a2fb4a1d1a96d312/?
        x-b3-traceid=48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d312               | 48485a3953bb6124/a2fb4a1d1a96d312/?
        x-b3-traceid=48485a3953bb6124                                            | 48485a3953bb6124//?
        x-b3-traceid=48485a3953bb6124 x-b3-sampled=0                             | 48485a3953bb6124//0
        x-b3-traceid=48485A3953BB6124 x-b3-spanid=a2fb4a1d1a96d312               | nothing
        x-b3-traceid=48485a3953bb612g x-b3-spanid=a2fb4a1d1a96d312               | nothing
        x-b3-traceid=48485a3953bb61240 x-b3-spanid=a2fb4a1d1a96d312              | nothing
        x-b3-traceid=0000000000000000 x-b3-spanid=a2fb4a1d1a96d312               | nothing
        x-b3-traceid=48485a3953bb6124 x-b3-spanid=a2fb4a1d1a96d31                | nothing
        x-b3-traceid=48485a3953bb6124 x-b3-spanid=0000000000000000               | nothing
        x-b3-traceid=48485a3953bb6124 x-b3-spanid=463ac35c9f6413ad48485a3953bb6124 | nothing
        """)
    void readsB3Multi(@Nullable String lines, String expected) {
        assertThat(shown(PropagationFormat.B3_MULTI.extract(headers(lines)))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        none                                                                     | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/1
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00      | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/0
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03      | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/1
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe      | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/0
        traceparent=00-0000000000000000a3ce929d0e0e4736-00f067aa0ba902b7-01      | a3ce929d0e0e4736/00f067aa0ba902b7/1
        traceparent=01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/1
        traceparent=cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what | 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7/1
        traceparent=cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01what  | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what | nothing
        traceparent=ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      | nothing
        traceparent=0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      | nothing
        traceparent=00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01      | nothing
        traceparent=00-00000000000000000000000000000000-00f067aa0ba902b7-01      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7         | nothing
        traceparent=00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01      | nothing
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 | nothing
        traceparent=                                                             | nothing
        """)
    void readsTraceparent(@Nullable String lines, String expected) {
        assertThat(shown(PropagationFormat.W3C.extract(headers(lines)))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} of {1}")
    @CsvSource(delimiter = '|', textBlock = """
        B3_SINGLE | 4bf92f3577b34da6 | 1 | b3=4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1-0000000000000009
        B3_SINGLE | 4bf92f3577b34da6 | 0 | b3=4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0-0000000000000009
        B3_SINGLE | 0                | d | b3=a3ce929d0e0e4736-00f067aa0ba902b7-d-0000000000000009
        B3_MULTI  | 4bf92f3577b34da6 | 1 | x-b3-traceid=4bf92f3577b34da6a3ce929d0e0e4736 x-b3-spanid=00f067aa0ba902b7 x-b3-parentspanid=0000000000000009 x-b3-sampled=1
        B3_MULTI  | 0                | 0 | x-b3-traceid=a3ce929d0e0e4736 x-b3-spanid=00f067aa0ba902b7 x-b3-parentspanid=0000000000000009 x-b3-sampled=0
        B3_MULTI  | 0                | d | x-b3-traceid=a3ce929d0e0e4736 x-b3-spanid=00f067aa0ba902b7 x-b3-parentspanid=0000000000000009 x-b3-flags=1
        W3C       | 4bf92f3577b34da6 | 1 | traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
        W3C       | 4bf92f3577b34da6 | 0 | traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00
        W3C       | 0                | d | traceparent=00-0000000000000000a3ce929d0e0e4736-00f067aa0ba902b7-01
        """)
    void writes(PropagationFormat format, String high, String decision, String expected) {
        TraceContext.Builder context = TraceContext.newBuilder()
                .traceIdHigh(Long.parseUnsignedLong(high, 16))
                .traceId(0xa3ce929d0e0e4736L)
                .parentId(9L)
                .spanId(0x00f067aa0ba902b7L);
        RequestHeadersBuilder out = headers("x-b3-flags=1 x-b3-sampled=1 x-b3-parentspanid=7").toBuilder();
        if (format != PropagationFormat.B3_MULTI) {
            out = headers(null).toBuilder();
        }
        format.inject(
                decision.equals("d")
                        ? context.debug(true).build()
                        : context.sampled(decision.equals("1")).build(),
                out);
        RequestHeaders wanted = headers(expected);
        assertThat(out.build().toString()).isEqualTo(wanted.toString());
    }

    @ParameterizedTest(name = "{0} goes on as {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        traceparent=00-0000000000000000a3ce929d0e0e4736-00f067aa0ba902b7-01 tracestate=a=1,b=2 | a=1,b=2
        traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 tracestate=a=1     | none
        traceparent=broken tracestate=a=1                                                      | none
        tracestate=a=1                                                                         | none
        """)
    void keepsTracestateWithItsTraceOnly(String lines, @Nullable String expected) {
        RequestHeadersBuilder out = headers(lines).toBuilder();
        PropagationFormat.W3C.inject(
                TraceContext.newBuilder().traceId(0xa3ce929d0e0e4736L).spanId(1).build(), out);
        assertThat(out.get("tracestate")).isEqualTo(expected);
    }
}
