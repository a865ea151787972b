package io.sluice.gateway.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.xds.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a logger's message makes of a request. Lines and omissions are those of Envoy 1.40. */
class AccessLogParserTest {
    private static final String TYPES = "type.googleapis.com/envoy.extensions.access_loggers.";
    private static final JsonFormat.Parser JSON = JsonFormat.parser()
            .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                    .add(FileAccessLog.getDescriptor())
                    .add(StdoutAccessLog.getDescriptor())
                    .add(StderrAccessLog.getDescriptor())
                    .add(Node.getDescriptor())
                    .build());

    @TempDir
    Path folder;

    private final LogSinks sinks = new LogSinks(new SimpleMeterRegistry());

    private Optional<AccessLog> parse(String message, Problems problems) throws InvalidProtocolBufferException {
        var builder = io.envoyproxy.envoy.config.accesslog.v3.AccessLog.newBuilder();
        JSON.merge(message, builder);
        HeaderTestParser tests = (matcher, at) -> matcher.getName().equals("x-log")
                ? Optional.of(headers -> headers.contains("x-log"))
                : at.unsupported("name", matcher.getName());
        return new AccessLogParser(sinks, tests).parse(builder.build(), problems);
    }

    /** @param more fields of the file logger, and beside it */
    private String lines(String more, String beside, StreamInfo... requests) throws IOException {
        Path file = folder.resolve("log");
        Problems problems = Problems.of("test");
        AccessLog log = parse(
                        "{" + (beside.isEmpty() ? "" : beside + ", ") + "typed_config: {'@type': '" + TYPES
                                + "file.v3.FileAccessLog', path: '" + file + "'"
                                + (more.isEmpty() ? "" : ", " + more) + "}}",
                        problems)
                .orElseThrow(() -> new AssertionError(problems.list().toString()));
        for (StreamInfo request : requests) {
            log.log(request);
        }
        sinks.close();
        return Files.exists(file) ? Files.readString(file) : "";
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        format: '%PROTOCOL%'                                                                          | HTTP/1.1
        log_format: {text_format: '%PROTOCOL%'}                                                       | HTTP/1.1
        log_format: {text_format_source: {inline_string: '[%REQ(NO)%;%TRACE_ID%;%RESPONSE_FLAGS%]'}}  | [-;-;-]
        log_format: {text_format_source: {inline_string: '[%REQ(NO)%;%TRACE_ID%;%RESPONSE_FLAGS%]'}, omit_empty_values: true} | [;;-]
        json_format: {b: '%BYTES_SENT%', a: '%PROTOCOL%'}                                             | {"a":"HTTP/1.1","b":154}
        typed_json_format: {b: '%BYTES_SENT%', a: '%PROTOCOL%'}                                       | {"a":"HTTP/1.1","b":154}
        log_format: {json_format: {n: '%BYTES_SENT%', s: 'x%BYTES_SENT%', p: '%UPSTREAM_REMOTE_PORT%'}} | {"n":154,"p":9001,"s":"x154"}
        log_format: {json_format: {no: '%REQ(NO)%', mixed: 'a %REQ(NO)%', flags: '%RESPONSE_FLAGS%', e: ''}} | {"e":"","flags":"-","mixed":"a -","no":null}
        log_format: {json_format: {t: true, i: 7, d: 2.5, n: null, neg: -3, s: plain, pct: '100%%'}}  | {"d":2.5,"i":7,"n":null,"neg":-3,"pct":"100%","s":"plain","t":true}
        log_format: {json_format: {o: {z: '%PROTOCOL%', a: ['%REQ(NO)%', 1, x], e: {q: '%REQ(NO)%'}}, l: [], m: {}}} | {"l":[],"m":{},"o":{"a":[null,1,"x"],"e":{"q":null},"z":"HTTP/1.1"}}
        log_format: {json_format: {o: {z: '%PROTOCOL%', a: ['%REQ(NO)%', 1, x], e: {q: '%REQ(NO)%'}}, l: [], m: {}, n: null, g: ['%REQ(NO)%'], h: {i: {j: '%REQ(NO)%'}}, s: 'a %REQ(NO)%', f: '%RESPONSE_FLAGS%'}, omit_empty_values: true} | {"f":"-","g":[],"l":[],"o":{"a":[1,"x"],"z":"HTTP/1.1"},"s":"a "}
        log_format: {json_format: {'k"': "q\\" b\\\\ t\\t s/ \u00e9 %REQ(NO)%"}}                          | {"k\\"":"q\\" b\\\\ t\\t s/ \u00e9 -"}
        """)
    void writesALine(String format, String expected) throws IOException {
        boolean json = format.contains("json_format");
        assertThat(lines(format, "", new FakeStream())).isEqualTo(json ? expected + "\n" : expected);
    }

    @Test
    void writesEnvoysDefaultLineWhereNoFormatIsNamed() throws IOException {
        var expected = new StringBuilder();
        FormatTest.format(Format.DEFAULT).append(new FakeStream(), expected);
        assertThat(lines("", "", new FakeStream(), new FakeStream()))
                .isEqualTo(expected.toString().repeat(2));
    }

    @ParameterizedTest(name = "{0} takes {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', nullValues = "nothing", textBlock = """
        status_code_filter: {comparison: {op: GE, value: {default_value: 500}}}       | 503
        status_code_filter: {comparison: {op: LE, value: {default_value: 404}}}       | 200 404
        status_code_filter: {comparison: {op: EQ, value: {default_value: 404}}}       | 404
        duration_filter: {comparison: {op: GE, value: {default_value: 13}}}           | 503
        duration_filter: {comparison: {op: LE, value: {default_value: 12}}}           | 200 404
        not_health_check_filter: {}                                                   | 200 404 503
        header_filter: {header: {name: x-log}}                                        | 404
        response_flag_filter: {flags: [UF, NR]}                                       | 404
        response_flag_filter: {flags: [UF]}                                           | nothing
        response_flag_filter: {}                                                      | 404 503
        and_filter: {filters: [{response_flag_filter: {}}, {header_filter: {header: {name: x-log}}}]} | 404
        or_filter: {filters: [{header_filter: {header: {name: x-log}}}, {status_code_filter: {comparison: {op: EQ, value: {default_value: 200}}}}]} | 200 404
        """)
    void filters(String filter, @Nullable String expected) throws IOException {
        String taken = lines(
                "format: '%RESPONSE_CODE% '",
                "filter: {" + filter + "}",
                request(200, Set.of(), 12),
                request(404, Set.of(ResponseFlag.NR), 12),
                request(503, Set.of(ResponseFlag.UT), 13));
        assertThat(taken.strip()).isEqualTo(expected == null ? "" : expected);
    }

    private static StreamInfo request(int status, Set<ResponseFlag> flags, long millis) {
        return new FakeStream() {
            @Override
            public int responseCode() {
                return status;
            }

            @Override
            public Set<ResponseFlag> responseFlags() {
                return flags;
            }

            @Override
            public long endNanos() {
                return startNanos() + millis * 1_000_000;
            }

            @Override
            public RequestHeaders requestHeaders() {
                return status == 404
                        ? RequestHeaders.of(HttpMethod.GET, "/", "x-log", "1")
                        : RequestHeaders.of(HttpMethod.GET, "/");
            }
        };
    }

    @Test
    void knowsEveryFlagThatEnvoyPrints() {
        assertThat(Stream.of(ResponseFlag.values()).map(Enum::name))
                .contains("UH", "UF", "UO", "NR", "URX", "NC", "DT", "UT", "UC", "UR", "LR", "DC", "RL", "UAEX", "SI")
                .contains("DPE", "UPE", "UMSDR", "RLSE");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
        {typed_config: {'@type': '#file.v3.FileAccessLog'}} | typed_config > path: '' (expected: the path of a file, /dev/stdout or /dev/stderr)
        {typed_config: {'@type': '#file.v3.FileAccessLog', path: 'x', format: '%NOPE%'}} | typed_config > format > format: %NOPE% (expected: one of Envoy's commands that armeria-gateway knows; see docs/xds-support.md)
        {typed_config: {'@type': '#file.v3.FileAccessLog', path: 'x', log_format: {}}} | typed_config > log_format > format: nothing (expected: text_format_source or json_format)
        {typed_config: {'@type': '#file.v3.FileAccessLog', path: 'x', log_format: {text_format_source: {filename: x}}}} | typed_config > log_format > text_format_source: FILENAME is not supported by armeria-gateway; see docs/xds-support.md
        {typed_config: {'@type': '#stream.v3.StdoutAccessLog', log_format: {json_format: {a: {b: ['%x']}}}}} | typed_config > log_format > json_format > a > b > [0] > format: %x (expected: a %COMMAND%, or %% for a percent sign)
        {typed_config: {'@type': '#stream.v3.StderrAccessLog', log_format: {text_format: '%REQ%'}}} | typed_config > log_format > text_format > %REQ% > argument: nothing (expected: (HEADER) or (HEADER?ALTERNATIVE))
        {typed_config: {'@type': 'type.googleapis.com/envoy.config.core.v3.Node'}} | typed_config > @type: type.googleapis.com/envoy.config.core.v3.Node is not supported by armeria-gateway; see docs/xds-support.md
        {} | typed_config > @type:  is not supported by armeria-gateway; see docs/xds-support.md
        {filter: {}, typed_config: {'@type': '#stream.v3.StdoutAccessLog'}} | filter > filter_specifier: FILTERSPECIFIER_NOT_SET is not supported by armeria-gateway; see docs/xds-support.md
        {filter: {response_flag_filter: {flags: [XX]}}, typed_config: {'@type': '#stream.v3.StdoutAccessLog'}} | filter > response_flag_filter > flags: XX (expected: any of [DC, DI,
        {filter: {and_filter: {filters: [{not_health_check_filter: {}}, {log_type_filter: {}}]}}, typed_config: {'@type': '#stream.v3.StdoutAccessLog'}} | filter > and_filter > filters[1] > filter_specifier: LOG_TYPE_FILTER is not supported by armeria-gateway; see docs/xds-support.md
        {filter: {or_filter: {filters: [{header_filter: {header: {name: y}}}]}}, typed_config: {'@type': '#stream.v3.StdoutAccessLog'}} | filter > or_filter > filters[0] > header_filter > name: y is not supported by armeria-gateway; see docs/xds-support.md
        """)
    void refusesByPath(String message, String problem) throws InvalidProtocolBufferException {
        Problems problems = Problems.of("test");
        assertThat(parse(message.replace("#", TYPES), problems)).isEmpty();
        assertThat(problems.list()).hasSize(1);
        assertThat(problems.list().get(0)).startsWith("test > " + problem);
    }

    @Test
    void reportsFilterAndFormatAtOnce() throws InvalidProtocolBufferException {
        Problems problems = Problems.of("test");
        parse(
                "{filter: {log_type_filter: {}}, typed_config: {'@type': '" + TYPES
                        + "stream.v3.StdoutAccessLog', log_format: {text_format: '%'}}}",
                problems);
        assertThat(problems.list()).hasSize(2);
    }

    @Test
    void refusesAPathThatNoFileCanHave() throws InvalidProtocolBufferException {
        Problems problems = Problems.of("test");
        assertThat(parse(
                        "{typed_config: {'@type': '" + TYPES + "file.v3.FileAccessLog', path: 'a\\u0000b'}}", problems))
                .isEmpty();
        assertThat(problems.list()).hasSize(1);
        assertThat(problems.list().get(0)).startsWith("test > typed_config > path: ");
    }

    @Test
    void sharesOneSinkPerPath() throws InvalidProtocolBufferException {
        assertThat(List.of(sinks.open("/dev/stdout"), sinks.open(folder + "/a")))
                .containsExactly(sinks.open("/dev/stdout"), sinks.open(folder + "/a"));
        assertThat(sinks.open("/dev/stdout")).isNotSameAs(sinks.open("/dev/stderr"));
    }
}
