package io.sluice.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProperCaseTest {
    @ParameterizedTest(name = "{0} is written {1}")
    @CsvSource({
        "host, Host",
        "x-request-id, X-Request-Id",
        "x-3d, X-3d",
        "etag, Etag",
        "x_a.b, X_A.B",
        "x--a, X--A",
        "X-Own, X-Own"
    })
    void beginsEachWordLarge(String name, String expected) {
        ByteBuf out = Unpooled.buffer();
        ProperCase.write(out, AsciiString.of(name));
        assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo(expected);
    }
}
