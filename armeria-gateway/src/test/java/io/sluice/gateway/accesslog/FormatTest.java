package io.sluice.gateway.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import io.sluice.gateway.xds.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each command prints. Source: Envoy docs, "Access logging"; what they leave open was asked of Envoy 1.40. */
class FormatTest {
    static Format format(String text) {
        Problems problems = Problems.of("test");
        Format format = Format.parse(text, problems)
                .orElseThrow(() -> new AssertionError(problems.list().toString()));
        assertThat(problems.list()).isEmpty();
        return format;
    }

    private static String printed(String text, StreamInfo info) {
        StringBuilder out = new StringBuilder();
        format(text).append(info, out);
        return out.toString();
    }

    /** A request that reached an upstream, and one that never did. */
    @ParameterizedTest(name = "{0}: {1}, or {2}")
    @CsvSource(delimiter = '|', textBlock = """
        %REQ(X-LONG)%                                    | abcdefghij         | -
        %REQ(x-Long):4%                                  | abcd               | -
        %REQ(X-LONG):0%                                  | ''                 | -
        %REQ(X-LONG):99999999999%                        | abcdefghij         | -
        %REQ(:METHOD)%                                   | GET                | POST
        %REQ(:AUTHORITY)%                                | shop.test          | -
        %REQ(NONE?X-LONG):3%                             | abc                | -
        %REQ(X-LONG?:METHOD)%                            | abcdefghij         | POST
        %REQ(?:METHOD)%                                  | GET                | POST
        %REQ(X-LONG?)%                                   | abcdefghij         | -
        %RESP(X-UP)%                                     | up                 | -
        %RESP(:STATUS)%                                  | 200                | -
        %TRAILER(X-SUM?NONE):2%                          | 12                 | -
        %PROTOCOL%                                       | HTTP/2             | -
        %RESPONSE_CODE%                                  | 503                | 0
        %RESPONSE_CODE_DETAILS%                          | via_the_upstream   | -
        %RESPONSE_CODE_DETAILS(ALLOW_WHITESPACES)%       | via the upstream   | -
        %RESPONSE_FLAGS%                                 | UF,URX             | -
        %RESPONSE_FLAGS_LONG% | UpstreamConnectionFailure,UpstreamRetryLimitExceeded | -
        %BYTES_RECEIVED%                                 | 10                 | 0
        %BYTES_SENT%                                     | 154                | 0
        %DURATION%                                       | 12                 | -
        %REQUEST_DURATION%                               | 3                  | -
        %REQUEST_TX_DURATION%                            | 4                  | -
        %RESPONSE_DURATION%                              | 7                  | -
        %RESPONSE_TX_DURATION%                           | 5                  | -
        %DOWNSTREAM_REMOTE_ADDRESS%                      | 203.0.113.77:0     | [2001:db8::1]:7
        %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%         | 203.0.113.77       | 2001:db8::1
        %DOWNSTREAM_REMOTE_PORT%                         | 0                  | 7
        %DOWNSTREAM_DIRECT_REMOTE_ADDRESS%               | 10.0.0.1:40001     | 10.0.0.1:40001
        %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%  | 10.0.0.1           | 10.0.0.1
        %DOWNSTREAM_DIRECT_REMOTE_PORT%                  | 40001              | 40001
        %DOWNSTREAM_LOCAL_ADDRESS%                       | 10.0.0.9:8080      | 10.0.0.9:8080
        %DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%          | 10.0.0.9           | 10.0.0.9
        %DOWNSTREAM_LOCAL_PORT%                          | 8080               | 8080
        %UPSTREAM_HOST%                                  | 10.0.1.5:9001      | -
        %UPSTREAM_REMOTE_ADDRESS%                        | 10.0.1.5:9001      | -
        %UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%           | 10.0.1.5           | -
        %UPSTREAM_REMOTE_PORT%                           | 9001               | -
        %UPSTREAM_LOCAL_ADDRESS%                         | 10.0.0.9:51000     | -
        %UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%            | 10.0.0.9           | -
        %UPSTREAM_LOCAL_PORT%                            | 51000              | -
        %UPSTREAM_CLUSTER%                               | orders             | -
        %UPSTREAM_PROTOCOL%                              | HTTP/2             | -
        %UPSTREAM_TRANSPORT_FAILURE_REASON%              | refused            | -
        %UPSTREAM_REQUEST_ATTEMPT_COUNT%                 | 2                  | 0
        %ROUTE_NAME%                                     | orders-route       | -
        %REQUESTED_SERVER_NAME%                          | sni.test           | -
        %STREAM_ID%                                      | 0b8c-1             | -
        %TRACE_ID%                                       | 4bf92f3577b34da6   | -
        %GRPC_STATUS%                                    | -                  | -
        %GRPC_STATUS_NUMBER%                             | -                  | -
        %ENVIRONMENT(SLUICE_NO_SUCH_VARIABLE)%           | -                  | -
        %START_TIME(%s)%                                 | 1700000000         | 1700000000
        100%%: %PROTOCOL%                                | 100%: HTTP/2       | 100%: -
        [%PROTOCOL%]%BYTES_SENT%x                        | [HTTP/2]154x       | [-]0x
        """)
    void prints(String text, String full, String empty) {
        assertThat(printed(text, new Full())).isEqualTo(full);
        assertThat(printed(text, new Empty())).isEqualTo(empty);
    }

    @Test
    void printsTheEnvironmentAsItWasAtTheStart() {
        String path = System.getenv("PATH");
        assertThat(printed("%ENVIRONMENT(PATH):4%", new Full())).isEqualTo(path.substring(0, 4));
        assertThat(printed("%HOSTNAME%", new Full())).isNotEmpty().isNotEqualTo("-");
    }

    /** Lines that Envoy wrote, and the requests that it wrote them for. */
    @ParameterizedTest(name = "{index}: {0} {1}")
    @CsvSource(delimiter = '|', textBlock = """
        /u?b=1 | 200 | ''     | 0 | 2 | 1 | 0  | [2026-11-25T22:37:04.140Z] "GET /u?b=1 HTTP/1.1" 200 - 0 2 1 0 "-" "-" "4662c64e" "a.com" "127.0.0.1:41121"
        /d     | 429 | ''     | 0 | 2 | 0 | '' | [2026-11-25T22:37:04.140Z] "GET /d HTTP/1.1" 429 - 0 2 0 - "-" "-" "4662c64e" "a.com" "-"
        /x     | 404 | NR     | 0 | 0 | 0 | '' | [2026-11-25T22:37:04.140Z] "GET /x HTTP/1.1" 404 NR 0 0 0 - "-" "-" "4662c64e" "a.com" "-"
        """)
    void writesEnvoysDefaultLine(
            String path, int status, String flag, long in, long out, long millis, String serviceTime, String expected) {
        StreamInfo info = new FakeStream() {
            @Override
            public long startMicros() {
                return Instant.parse("2026-11-25T22:37:04.140190Z").toEpochMilli() * 1_000 + 190;
            }

            @Override
            public long endNanos() {
                return startNanos() + millis * 1_000_000 + 999_999;
            }

            @Override
            public RequestHeaders requestHeaders() {
                return RequestHeaders.of(HttpMethod.GET, path, ":authority", "a.com", "x-request-id", "4662c64e");
            }

            @Override
            public ResponseHeaders responseHeaders() {
                return serviceTime.isEmpty()
                        ? ResponseHeaders.of(status)
                        : ResponseHeaders.of(HttpStatus.valueOf(status), "x-envoy-upstream-service-time", serviceTime);
            }

            @Override
            public int responseCode() {
                return status;
            }

            @Override
            public Set<ResponseFlag> responseFlags() {
                return flag.isEmpty() ? Set.of() : Set.of(ResponseFlag.valueOf(flag));
            }

            @Override
            public long bytesReceived() {
                return in;
            }

            @Override
            public long bytesSent() {
                return out;
            }

            @Override
            public @Nullable InetSocketAddress upstreamAddress() {
                return serviceTime.isEmpty() ? null : new InetSocketAddress(InetAddress.getLoopbackAddress(), 41_121);
            }
        };
        assertThat(printed(Format.DEFAULT, info)).isEqualTo(expected + "\n");
    }

    @Test
    void prefersTheOriginalPathInTheDefaultLine() {
        StreamInfo info = new FakeStream() {
            @Override
            public RequestHeaders requestHeaders() {
                return RequestHeaders.of(
                        HttpMethod.GET,
                        "/rewritten",
                        "x-envoy-original-path",
                        "/asked",
                        "x-forwarded-for",
                        "1.2.3.4",
                        "user-agent",
                        "curl/8");
            }
        };
        assertThat(printed(Format.DEFAULT, info))
                .contains("\"GET /asked HTTP/1.1\"")
                .contains("\"1.2.3.4\" \"curl/8\"");
    }

    /** 2026-11-25T22:36:20.820190Z, a Wednesday; and a morning at the beginning of a month. */
    @ParameterizedTest(name = "{0}: {1}, {2}")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, textBlock = """
        |2026-11-25T22:36:20.820Z|2027-03-05T09:04:07.000Z
        %Y-%m-%dT%H:%M:%S.%3fZ|2026-11-25T22:36:20.820Z|2027-03-05T09:04:07.000Z
        %Y|2026|2027
        %y|26|27
        %m|11|03
        %d|25|05
        %e|25| 5
        %j|329|064
        %u|3|5
        %H|22|09
        %k|22| 9
        %I|10|09
        %l|10| 9
        %M|36|04
        %S|20|07
        %p|PM|AM
        %F|2026-11-25|2027-03-05
        %T|22:36:20|09:04:07
        %X|22:36:20|09:04:07
        %R|22:36|09:04
        %D|11/25/26|03/05/27
        %x|11/25/26|03/05/27
        %r|10:36:20 PM|09:04:07 AM
        %c|Wed Nov 25 22:36:20 2026|Fri Mar  5 09:04:07 2027
        %a|Wed|Fri
        %A|Wednesday|Friday
        %b|Nov|Mar
        %h|Nov|Mar
        %B|November|March
        %z|+0000|+0000
        %Z|UTC|UTC
        %s|1795646180|1804237447
        %f|820190000|000000000
        %1f|8|0
        %3f|820|000
        %4f|8201|0000
        %6f|820190|000000
        %9f|820190000|000000000
        %3f%3f|820820|000000
        %s%3f|1795646180820|1804237447000
        %s.%6f|1795646180.820190|1804237447.000000
        %%|%|%
        x%Yy|x2026y|x2027y
        o'clock|o'clock|o'clock
        """)
    void printsTheStartAsStrftimeDoes(@Nullable String format, String evening, String morning) {
        String command = format == null ? "%START_TIME%" : "%START_TIME(" + format + ")%";
        assertThat(printed(command, startedAt("2026-11-25T22:36:20.820190Z"))).isEqualTo(evening);
        assertThat(printed(command, startedAt("2027-03-05T09:04:07Z"))).isEqualTo(morning);
    }

    private static StreamInfo startedAt(String time) {
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(time));
        return new FakeStream() {
            @Override
            public long startMicros() {
                return micros;
            }
        };
    }

    /** Requests of gRPC only: from the trailers, else the headers, else what the HTTP status means. */
    @ParameterizedTest(name = "{0} {1} {2} {3} is {4} {5} {6}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        application/grpc       | 200 | -  | 0  | 0  | OK               | OK
        application/grpc+proto | 200 | -  | 1  | 1  | Cancelled        | CANCELLED
        application/grpc       | 200 | 5  | -  | 5  | NotFound         | NOT_FOUND
        application/grpc       | 200 | 5  | 4  | 4  | DeadlineExceeded | DEADLINE_EXCEEDED
        application/grpc       | 200 | -  | -  | 2  | Unknown          | UNKNOWN
        application/grpc       | 401 | -  | -  | 16 | Unauthenticated  | UNAUTHENTICATED
        application/grpc       | 403 | -  | -  | 7  | PermissionDenied | PERMISSION_DENIED
        application/grpc       | 404 | -  | -  | 12 | Unimplemented    | UNIMPLEMENTED
        application/grpc       | 429 | -  | -  | 14 | Unavailable      | UNAVAILABLE
        application/grpc       | 500 | -  | -  | 2  | Unknown          | UNKNOWN
        application/grpc       | 0   | -  | -  | -  | -                | -
        application/grpc       | 200 | -  | 42 | 42 | 42               | 42
        application/grpc-web   | 200 | -  | 0  | -  | -                | -
        application/json       | 200 | -  | 0  | -  | -                | -
        """)
    void tellsTheGrpcStatus(
            String type,
            int status,
            @Nullable String header,
            @Nullable String trailer,
            @Nullable String number,
            @Nullable String camel,
            @Nullable String snake) {
        StreamInfo info = new FakeStream() {
            @Override
            public RequestHeaders requestHeaders() {
                return RequestHeaders.of(HttpMethod.POST, "/", "content-type", type);
            }

            @Override
            public @Nullable ResponseHeaders responseHeaders() {
                return header == null
                        ? ResponseHeaders.of(HttpStatus.OK)
                        : ResponseHeaders.of(HttpStatus.OK, "grpc-status", header);
            }

            @Override
            public @Nullable HttpHeaders responseTrailers() {
                return trailer == null ? null : HttpHeaders.of("grpc-status", trailer);
            }

            @Override
            public int responseCode() {
                return status;
            }
        };
        assertThat(format("%GRPC_STATUS_NUMBER%").value(info)).isEqualTo(number);
        assertThat(format("%GRPC_STATUS(NUMBER)%").value(info)).isEqualTo(number);
        assertThat(format("%GRPC_STATUS%").value(info)).isEqualTo(camel);
        assertThat(format("%GRPC_STATUS(CAMEL_STRING)%").value(info)).isEqualTo(camel);
        assertThat(format("%GRPC_STATUS(SNAKE_STRING)%").value(info)).isEqualTo(snake);
    }

    /** What Envoy refuses too, each with its place. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = false, quoteCharacter = '"', textBlock = """
        100%|test > format: % (expected: a %COMMAND%, or %% for a percent sign)
        %no%|test > format: %no% (expected: a %COMMAND%, or %% for a percent sign)
        %REQ(A)|test > format: %REQ(A) (expected: a %COMMAND%, or %% for a percent sign)
        %REQ(A):x%|test > format: %REQ(A):x% (expected: a %COMMAND%, or %% for a percent sign)
        %PROTOCOL%%%PROTOCOL%|test > format: % (expected: a %COMMAND%, or %% for a percent sign)
        %NOPE%|test > format: %NOPE% (expected: one of Envoy's commands that armeria-gateway knows; see docs/xds-support.md)
        %VIRTUAL_HOST_NAME%|test > format: %VIRTUAL_HOST_NAME% (expected: one of Envoy's commands that armeria-gateway knows; see docs/xds-support.md)
        %PROTOCOL(x)%|test > %PROTOCOL%: (x) (expected: no argument)
        %PROTOCOL:3%|test > %PROTOCOL%: :3 (expected: no length)
        %START_TIME:3%|test > %START_TIME%: :3 (expected: no length)
        %GRPC_STATUS(NUMBER):3%|test > %GRPC_STATUS%: :3 (expected: no length)
        %GRPC_STATUS(x)%|test > %GRPC_STATUS% > argument: x (expected: CAMEL_STRING, SNAKE_STRING or NUMBER)
        %REQ%|test > %REQ% > argument: nothing (expected: (HEADER) or (HEADER?ALTERNATIVE))
        %REQ()%|test > %REQ% > argument:  (expected: (HEADER) or (HEADER?ALTERNATIVE))
        %REQ(A?B?C)%|test > %REQ% > argument: A?B?C (expected: (HEADER) or (HEADER?ALTERNATIVE))
        %RESP(A b)%|test > %RESP% > argument: A b (expected: (HEADER) or (HEADER?ALTERNATIVE))
        %TRAILER(A)B)%|test > %TRAILER% > argument: A)B (expected: (HEADER) or (HEADER?ALTERNATIVE))
        %ENVIRONMENT%|test > %ENVIRONMENT% > argument: nothing (expected: the name of an environment variable)
        %ENVIRONMENT()%|test > %ENVIRONMENT% > argument: nothing (expected: the name of an environment variable)
        %START_TIME(%Q)%|test > %START_TIME% > argument: %Q (expected: strftime conversions of a point in time, like %Y-%m-%dT%H:%M:%S.%3fZ)
        """)
    void refusesByPath(String format, String problem) {
        Problems problems = Problems.of("test");
        assertThat(Format.parse(format, problems)).isEmpty();
        assertThat(problems.list()).containsExactly(problem);
    }

    @Test
    void reportsAllThatIsWrongAtOnce() {
        Problems problems = Problems.of("test");
        assertThat(Format.parse("%NOPE% %PROTOCOL% %REQ()%", problems)).isEmpty();
        assertThat(problems.list()).hasSize(2);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
        %UPSTREAM_CLUSTER%     | none
        a-%UPSTREAM_CLUSTER%-b | a--b
        %REQ(:METHOD)%         | POST
        plain                  | plain
        %RESPONSE_FLAGS%       | -
        """)
    void leavesHeadersOutWhoseValueIsMissing(String format, @Nullable String expected) {
        assertThat(format(format).value(new Empty())).isEqualTo(expected);
    }

    /** All there is to say. */
    static class Full extends FakeStream {
        @Override
        public RequestHeaders requestHeaders() {
            return super.requestHeaders().toBuilder()
                    .add("x-long", "abcdefghij")
                    .build();
        }

        @Override
        public ResponseHeaders responseHeaders() {
            return ResponseHeaders.of(HttpStatus.OK, "x-up", "up");
        }

        @Override
        public HttpHeaders responseTrailers() {
            return HttpHeaders.of("x-sum", "1234");
        }

        @Override
        public String protocol() {
            return "HTTP/2";
        }

        @Override
        public int responseCode() {
            return 503;
        }

        @Override
        public String responseCodeDetails() {
            return "via the upstream";
        }

        @Override
        public Set<ResponseFlag> responseFlags() {
            // in the order in which they were set
            return new LinkedHashSet<>(List.of(ResponseFlag.UF, ResponseFlag.URX));
        }

        @Override
        public String upstreamTransportFailureReason() {
            return "refused";
        }

        @Override
        public int attempts() {
            return 2;
        }

        @Override
        public String traceId() {
            return "4bf92f3577b34da6";
        }

        @Override
        public String requestedServerName() {
            return "sni.test";
        }
    }

    /** A gRPC call that was answered by nobody. */
    static class Empty extends FakeStream {
        @Override
        public long requestEndNanos() {
            return 0;
        }

        @Override
        public long upstreamFirstRequestByteNanos() {
            return 0;
        }

        @Override
        public long upstreamLastRequestByteNanos() {
            return 0;
        }

        @Override
        public long upstreamFirstResponseByteNanos() {
            return 0;
        }

        @Override
        public long upstreamLastResponseByteNanos() {
            return 0;
        }

        @Override
        public long responseFirstByteNanos() {
            return 0;
        }

        @Override
        public long endNanos() {
            return 0;
        }

        @Override
        public RequestHeaders requestHeaders() {
            return RequestHeaders.of(HttpMethod.POST, "/", "content-type", "application/grpc");
        }

        @Override
        public @Nullable ResponseHeaders responseHeaders() {
            return null;
        }

        @Override
        public String protocol() {
            return "";
        }

        @Override
        public int responseCode() {
            return 0;
        }

        @Override
        public String responseCodeDetails() {
            return "";
        }

        @Override
        public long bytesReceived() {
            return 0;
        }

        @Override
        public long bytesSent() {
            return 0;
        }

        @Override
        public InetSocketAddress downstreamRemoteAddress() {
            return new InetSocketAddress("2001:db8::1", 7);
        }

        @Override
        public @Nullable InetSocketAddress upstreamAddress() {
            return null;
        }

        @Override
        public @Nullable InetSocketAddress upstreamLocalAddress() {
            return null;
        }

        @Override
        public String upstreamCluster() {
            return "";
        }

        @Override
        public String upstreamProtocol() {
            return "";
        }

        @Override
        public int attempts() {
            return 0;
        }

        @Override
        public String routeName() {
            return "";
        }

        @Override
        public String virtualHostName() {
            return "";
        }

        @Override
        public String requestId() {
            return "";
        }
    }
}
