package io.sluice.gateway.filter.compressor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpData;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressorFilterTest {
    @ParameterizedTest(name = "[{0}] -> {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            gzip                     | true
            GZIP                     | true
            br, gzip;q=0.1           | true
            gzip;q=0                 | false
            *                        | true
            *;q=0                    | false
            *;q=0, gzip              | true
            identity                 | false
            identity, gzip;q=0.9     | false
            identity;q=0.5, gzip     | true
            br                       | false
            gzip;q=x                 | false
            ``                       | false
            """)
    void hearsWhatCallersWouldRatherHave(String header, boolean gzip) {
        assertThat(AcceptEncoding.prefersGzip(header)).isEqualTo(gzip);
    }

    @ParameterizedTest(name = "level {0}, strategy {1}, pieces of {2} bytes")
    @CsvSource({"-1, 0, 10", "1, 2, 1000", "9, 0, 70000", "6, 1, 1"})
    void packsPieceByPieceWhatIsReadAgain(int level, int strategy, int size) {
        byte[] text = new byte[size == 1 ? 100 : 200_000];
        new Random(1).nextBytes(text);
        for (int i = 0; i < text.length / 2; i++) {
            text[i] = 'a';
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (Gzip gzip = new Gzip(level, strategy)) {
            for (int at = 0; at < text.length; at += size) {
                packed.writeBytes(gzip.piece(HttpData.wrap(text, at, Math.min(size, text.length - at)))
                        .array());
            }
            packed.writeBytes(gzip.last(HttpData.empty()).array());
        }
        assertThat(unpacked(packed)).isEqualTo(text);
    }

    @Test
    void eachPieceCanBeReadAtOnce() {
        try (Gzip gzip = new Gzip(Deflater.DEFAULT_COMPRESSION, Deflater.DEFAULT_STRATEGY)) {
            byte[] first = gzip.piece(HttpData.ofUtf8("hello")).array();
            try (var in = new GZIPInputStream(new ByteArrayInputStream(first))) {
                assertThat(new String(in.readNBytes(5), UTF_8)).isEqualTo("hello");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static byte[] unpacked(ByteArrayOutputStream packed) {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(packed.toByteArray()))) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
