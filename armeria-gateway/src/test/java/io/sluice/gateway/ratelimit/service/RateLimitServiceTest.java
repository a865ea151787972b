package io.sluice.gateway.ratelimit.service;

import static io.sluice.gateway.ratelimit.Descriptor.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.SessionProtocol;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.testing.junit5.server.ServerExtension;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sluice.gateway.ratelimit.Decision;
import io.sluice.gateway.ratelimit.Descriptor;
import io.sluice.gateway.ratelimit.InMemoryLedger;
import io.sluice.gateway.ratelimit.LimitTable;
import io.sluice.gateway.ratelimit.LimitUnit;
import io.sluice.gateway.ratelimit.LimiterPolicy;
import io.sluice.gateway.ratelimit.RateLimitCall;
import io.sluice.gateway.ratelimit.RateLimitMessageParser;
import io.sluice.gateway.ratelimit.SharedRateLimiter;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitServiceTest {
    private static final byte[] NOTHING = {};

    @RegisterExtension
    static final ServerExtension server = new ServerExtension() {
        @Override
        protected void configure(ServerBuilder sb) {
            var limiter = SharedRateLimiter.start(
                    () -> new LimitTable(Map.of()),
                    new InMemoryLedger(),
                    LimiterPolicy.DEFAULT,
                    new SimpleMeterRegistry());
            new RateLimitService(limiter, new SimpleMeterRegistry()).addTo(sb);
        }
    };

    private static AggregatedHttpResponse call(String path, byte[] message) {
        byte[] frame = ByteBuffer.allocate(5 + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
        return WebClient.of(server.uri(SessionProtocol.H2C))
                .execute(
                        RequestHeaders.of(HttpMethod.POST, path, "content-type", "application/grpc", "te", "trailers"),
                        frame)
                .aggregate()
                .join();
    }

    private static AggregatedHttpResponse ask(String domain, Descriptor... descriptors) {
        return call(
                RateLimitService.METHOD,
                RateLimitMessageParser.request(new RateLimitCall(domain, List.of(descriptors), 1)));
    }

    private static Decision decision(AggregatedHttpResponse response) {
        assertThat(response.trailers().get("grpc-status")).isEqualTo("0");
        byte[] frame = response.content().array();
        return RateLimitMessageParser.parseResponse(Arrays.copyOfRange(frame, 5, frame.length))
                .decision();
    }

    @Test
    void answersWithLimitRestAndReset() {
        Descriptor descriptor = Descriptor.of(entry("sluice_limit", "orders:2/hour"), entry("sub", "alice"));
        assertThat(decision(ask("sluice", descriptor)))
                .isInstanceOfSatisfying(
                        Decision.Allowed.class,
                        allowed -> assertThat(allowed.statuses())
                                .singleElement()
                                .satisfies(status -> {
                                    assertThat(status.limit())
                                            .isEqualTo(new Decision.Limit("orders", 2, LimitUnit.HOUR));
                                    assertThat(status.remaining()).isEqualTo(1);
                                    assertThat(status.untilReset().toMinutes()).isBetween(59L, 60L);
                                }));
        assertThat(decision(ask("sluice", descriptor))).isInstanceOf(Decision.Allowed.class);
        assertThat(decision(ask("sluice", descriptor))).isInstanceOf(Decision.Limited.class);
    }

    @Test
    void allowsWhatNoLimitNames() {
        assertThat(decision(ask("elsewhere", Descriptor.of(entry("a", "b")))))
                .isInstanceOfSatisfying(
                        Decision.Allowed.class,
                        allowed -> assertThat(allowed.statuses().get(0).limit()).isNull());
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = ';', textBlock = """
            no domain       ; ''    ; sluice_limit; a:1/day ; 2; rate limit domain must not be empty
            no descriptor   ; sluice;             ;         ; 2; rate limit descriptor list must not be empty
            broken limit    ; sluice; sluice_limit; a:1/fort; 14; sluice_limit: 'a:1/fort' (expected: <name>:<requests>/<second|minute|hour|day>)
            """)
    void refusesAsGrpcErrors(String name, String domain, String key, String value, String status, String message) {
        AggregatedHttpResponse response = key == null ? ask(domain) : ask(domain, Descriptor.of(entry(key, value)));
        assertThat(response.headers().get("grpc-status")).isEqualTo(status);
        assertThat(URLDecoder.decode(response.headers().get("grpc-message"), StandardCharsets.UTF_8))
                .isEqualTo(message);
    }

    @Test
    void refusesWhatIsNotAMessage() {
        assertThat(call(RateLimitService.METHOD, new byte[] {1, 2, 3}).headers().get("grpc-status"))
                .isEqualTo("2");
    }

    @Test
    void isServingForHealthChecks() {
        AggregatedHttpResponse response = call(RateLimitService.HEALTH, NOTHING);
        assertThat(response.trailers().get("grpc-status")).isEqualTo("0");
        assertThat(response.content().array()).containsExactly(0, 0, 0, 0, 2, 8, 1);
    }
}
