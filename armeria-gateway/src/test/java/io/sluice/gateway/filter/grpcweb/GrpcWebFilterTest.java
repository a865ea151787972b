package io.sluice.gateway.filter.grpcweb;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import io.envoyproxy.envoy.extensions.filters.http.grpc_web.v3.GrpcWeb;
import io.sluice.gateway.filter.FakeExchange;
import io.sluice.gateway.filter.FilterYaml;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilter.Next;
import io.sluice.gateway.filter.Piece;
import java.util.Base64;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcWebFilterTest {
    private static final String CALL = "\0\0\0\0\5hello\0\0\0\0\6again!";

    private final FakeExchange exchange = new FakeExchange(RequestHeaders.builder(HttpMethod.POST, "/s/m")
            .add("content-type", "application/grpc-web-text")
            .add("accept", "application/grpc-web-text")
            .build());
    private final HttpFilter filter =
            FilterYaml.filter(new GrpcWebFilterParser(), FilterYaml.message(GrpcWeb.newBuilder(), "{}"), exchange);

    private static HttpData bytes(String text) {
        return HttpData.wrap(text.getBytes(ISO_8859_1));
    }

    private static String text(Piece piece) {
        return new String(piece.take().array(), ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 100})
    void readsTextHoweverItIsCut(int size) {
        filter.onRequestHeaders(exchange, exchange.request(), false);
        String encoded = Base64.getEncoder().encodeToString(CALL.getBytes(ISO_8859_1));
        StringBuilder decoded = new StringBuilder();
        for (int at = 0; at < encoded.length(); at += size) {
            String part = encoded.substring(at, Math.min(encoded.length(), at + size));
            Piece piece = new Piece(bytes(part), at + size >= encoded.length());
            assertThat(filter.onRequestData(exchange, piece)).isEqualTo(Next.CONTINUE);
            decoded.append(text(piece));
        }
        assertThat(decoded).hasToString(CALL);
        assertThat(exchange.reply).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"AAA", "!!!!", "AAAA="})
    void refusesWhatIsNoText(String part) {
        filter.onRequestHeaders(exchange, exchange.request(), false);
        assertThat(filter.onRequestData(exchange, new Piece(bytes(part), true))).isEqualTo(Next.PAUSE);
        assertThat(Objects.requireNonNull(exchange.reply).status()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 11, 100})
    void writesWholeMessagesHoweverTheyArrive(int size) {
        filter.onRequestHeaders(exchange, exchange.request(), true);
        filter.onResponseHeaders(
                exchange,
                ResponseHeaders.builder(200)
                        .add("content-type", "application/grpc")
                        .endOfStream(false),
                false);
        StringBuilder out = new StringBuilder();
        for (int at = 0; at < CALL.length(); at += size) {
            Piece piece = new Piece(bytes(CALL.substring(at, Math.min(CALL.length(), at + size))), false);
            filter.onResponseData(exchange, piece);
            out.append(text(piece));
        }
        String first = Base64.getEncoder().encodeToString(CALL.substring(0, 10).getBytes(ISO_8859_1));
        String second = Base64.getEncoder().encodeToString(CALL.substring(10).getBytes(ISO_8859_1));
        assertThat(out).hasToString(first + second);
    }

    @Test
    void leavesOtherRequestsAlone() {
        FakeExchange plain = new FakeExchange(RequestHeaders.builder(HttpMethod.POST, "/")
                .add("content-type", "application/grpc")
                .build());
        filter.onRequestHeaders(plain, plain.request(), false);
        Piece piece = new Piece(bytes("x"), true);
        assertThat(filter.onRequestData(plain, piece)).isEqualTo(Next.CONTINUE);
        assertThat(text(piece)).isEqualTo("x");
        assertThat(plain.request().get("content-type")).isEqualTo("application/grpc");
    }
}
