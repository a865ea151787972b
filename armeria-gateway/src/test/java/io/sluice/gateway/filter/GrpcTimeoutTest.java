package io.sluice.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How long gRPC callers wait, and how long their streams may last. */
class GrpcTimeoutTest {
    @ParameterizedTest(name = "{0} is {1} ms")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
                    10S       | 10000
                    3M        | 180000
                    1H        | 3600000
                    200m      | 200
                    1500u     | 2
                    1n        | 1
                    99999999H | 359999996400000
                    100000000m| none
                    S         | none
                    10        | none
                    -1S       | none
                    1.5S      | none
                    soon      | none
                    ''        | none
                    """)
    void readsTheHeader(String text, @Nullable Long millis) {
        Duration expected = millis == null ? null : Duration.ofMillis(millis);
        assertThat(GrpcTimeout.of(headers("application/grpc").set(GrpcTimeout.HEADER, text)))
                .isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} s is written {1}")
    @CsvSource({"1, 1000m", "99999, 99999000m", "100000, 100000S", "99999999, 99999999S", "5999999940, 99999999M"})
    void writesMillisecondsWhileTheyFit(long seconds, String text) {
        assertThat(GrpcTimeout.text(Duration.ofSeconds(seconds))).isEqualTo(text);
    }

    @ParameterizedTest(name = "{0} is gRPC: {1}")
    @CsvSource({
        "application/grpc, true",
        "application/grpc+proto, true",
        "application/grpc-web, false",
        "application/grpcx, false",
        "text/plain, false"
    })
    void knowsGrpcByItsContentType(String type, boolean expected) {
        assertThat(GrpcTimeout.isGrpc(headers(type))).isEqualTo(expected);
    }

    @ParameterizedTest(name = "route {0} or gRPC {1} - {2}, manager {3}, asked {4}: {5} ms")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
                    none | none | 0    | 900 | none | 900
                    none | none | 0    | 900 | 100  | 900
                    500  | none | 0    | 900 | 100  | 500
                    0    | none | 0    | 900 | none | 0
                    500  | 0    | 0    | 900 | none | 500
                    none | 0    | 0    | 900 | none | 900
                    none | 0    | 0    | 900 | 1000 | 1000
                    none | 700  | 0    | 900 | 1000 | 700
                    none | 700  | 0    | 900 | 100  | 100
                    none | 700  | 50   | 900 | 100  | 50
                    """)
    void aStreamLastsAsItsRouteSays(
            @Nullable Long max,
            @Nullable Long grpcMax,
            long offset,
            long manager,
            @Nullable Long asked,
            long expected) {
        Route.Lasting lasting = new Route.Lasting(millis(max), millis(grpcMax), Duration.ofMillis(offset));
        assertThat(lasting.limit(Duration.ofMillis(manager), millis(asked))).isEqualTo(Duration.ofMillis(expected));
    }

    @ParameterizedTest(name = "an offset of {0} takes all of 100 ms")
    @CsvSource({"100", "101"})
    void anOffsetBeyondWhatIsAskedForEndsAtOnceAndIsNotForEver(long offset) {
        Route.Lasting lasting = new Route.Lasting(null, Duration.ZERO, Duration.ofMillis(offset));
        Duration limit = lasting.limit(Duration.ZERO, Duration.ofMillis(100));
        assertThat(limit).isPositive().isLessThan(Duration.ofMillis(1));
        assertThat(GrpcTimeout.text(limit)).isEqualTo("0m");
    }

    @ParameterizedTest(name = "max {0} - {1}, asked {2}: {3} ms")
    @CsvSource(delimiter = '|', nullValues = "none", textBlock = """
                    3000 | 0    | 10000 | 3000
                    0    | 0    | 10000 | 10000
                    0    | 1000 | 10000 | 9000
                    0    | 1000 | 1000  | 1000
                    0    | 0    | none  | 0
                    3000 | 0    | none  | 3000
                    """)
    void aDeadlineIsCapped(long max, long offset, @Nullable Long asked, long expected) {
        RouteAction.GrpcDeadline deadline =
                new RouteAction.GrpcDeadline(Duration.ofMillis(max), Duration.ofMillis(offset));
        assertThat(deadline.timeout(millis(asked))).isEqualTo(Duration.ofMillis(expected));
    }

    private static @Nullable Duration millis(@Nullable Long millis) {
        return millis == null ? null : Duration.ofMillis(millis);
    }

    private static RequestHeadersBuilder headers(String contentType) {
        return RequestHeaders.builder(HttpMethod.POST, "/").set("content-type", contentType);
    }
}
