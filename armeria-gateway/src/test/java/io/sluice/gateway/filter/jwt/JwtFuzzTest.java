package io.sluice.gateway.filter.jwt;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.sluice.gateway.filter.jwt.JwkSetReader.UnusableException;
import io.sluice.gateway.filter.jwt.Jws.RefusedException;
import java.util.Objects;

/** Any bytes as a token and as keys. With {@code JAZZER_FUZZ=1} it looks for some, else it runs the seeds. */
class JwtFuzzTest {
    @FuzzTest(maxDuration = "60s")
    void aTokenHasOneText(byte[] input) {
        String text = new String(input, ISO_8859_1);
        try {
            Jwt token = Jwt.parse(text);
            Jws signed = token.signed();
            String head = text.substring(0, text.indexOf('.'));
            assertThat(TokenWriter.base64(Objects.requireNonNull(Base64Url.decode(head))) + "."
                            + TokenWriter.base64(signed.payload()) + "." + TokenWriter.base64(signed.signature()))
                    .isEqualTo(text);
            token.checkTime(0, 60);
        } catch (RefusedException e) {
            assertThat(e.status()).isNotEqualTo(JwtStatus.OK);
        }
    }

    @FuzzTest(maxDuration = "60s")
    void keysAreReadOrRefused(byte[] input) {
        try {
            assertThat(JwkSetReader.read(input).keys()).isNotEmpty();
        } catch (UnusableException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }
}
