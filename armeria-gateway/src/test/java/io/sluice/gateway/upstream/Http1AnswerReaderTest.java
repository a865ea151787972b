package io.sluice.gateway.upstream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.HttpHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Http1AnswerReaderTest {
    private static final int SEED = 7;

    static List<String> answers() {
        return Stream.of(
                        "HTTP/1.1 200 OK~X-A: b~content-length: 5~~hello",
                        "HTTP/1.1 200 OK\ncontent-length: 5\nx-a:  b \t\n\nhello",
                        "HTTP/1.1 200~x-a: b~ c~\td~~until its end",
                        "HTTP/1.0 503 ~connection: Keep-Alive~content-length: 0~~",
                        "HTTP/1.1 100 Continue~~HTTP/1.1 103 Early~link: a~~HTTP/1.1 204 No~~",
                        "HTTP/1.1 200 OK~transfer-encoding: Chunked~~5;a=b~hello~A ~0123456789~000~~",
                        "HTTP/1.1 200 OK~transfer-encoding: chunked~~1~x~0~x-t: u~x-v: w~~",
                        "HTTP/1.1 101 Switching~upgrade: foo~~any ~~ bytes",
                        "HTTP/1.1 304 Not~content-length: 5~etag: \"a\"~~")
                .map(Http1AnswerReaderTest::withLines)
                .toList();
    }

    private static String withLines(String text) {
        return text.replace("~", "\r\n");
    }

    @ParameterizedTest
    @MethodSource("answers")
    void tellsTheSameInWhateverPiecesItCame(String answer) {
        List<String> whole = read(answer, answer.length());
        assertThat(whole).noneMatch(part -> part.startsWith("refused"));
        assertThat(read(answer, 1)).isEqualTo(whole);
        Random random = new Random(SEED);
        for (int i = 0; i < 200; i++) {
            assertThat(read(answer, 1 + random.nextInt(answer.length()))).isEqualTo(whole);
        }
    }

    @Test
    void tellsHeadBodyAndTrailers() {
        String chunks = withLines("HTTP/1.1 200 OK~X-A:  b ~transfer-encoding: chunked~~3~abc~0~X-T: u~~");
        assertThat(read(chunks, 1))
                .containsExactly("head 200 [x-a=b, transfer-encoding=chunked] alive", "data abc", "end [x-t=u]");
        assertThat(read(withLines("HTTP/1.0 200 OK~~abc"), 4)).containsExactly("head 200 []", "data abc");
    }

    @Test
    void leavesAloneWhatStandsBehindAnAnswer() {
        assertThat(read(withLines("HTTP/1.1 200 OK~content-length: 2~~okHTTP/1.1 201 Mine~~"), 1000))
                .containsExactly("head 200 [content-length=2] alive", "data ok end, more behind");
    }

    @Test
    void anAnswerToHeadHasNoBody() {
        assertThat(read(withLines("HTTP/1.1 200 OK~transfer-encoding: chunked~~"), 7, true))
                .containsExactly("head 200 [transfer-encoding=chunked] alive, over");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 200 OK~content-length: 5~content-length: 5~~     | content-length: 5",
                "HTTP/1.1 200 OK~content-length: 5~transfer-encoding: chunked~~ | both a length and chunks",
                "HTTP/1.1 200 OK~transfer-encoding: gzip, chunked~~         | transfer-encoding: gzip, chunked",
                "HTTP/1.1 200 OK~x-a : b~~                                  | no header: 'x-a : b'",
                "HTTP/1.1 200 OK~x-a~~                                      | no header: 'x-a'",
                "HTTP/1.1 200 OK~ x-a: b~~                                  | no header: ' x-a: b'",
                "HTTP/1.1 20 OK~~                                           | no status line: 'HTTP/1.1 20 OK'",
                "HTTP/1.1 099 OK~~                                          | no status line: 'HTTP/1.1 099 OK'",
                "ICY 200 OK~~                                               | no status line: 'ICY 200 OK'",
                "HTTP/1.1 204 No~content-length: 3~~                        | a body after status 204",
                "HTTP/1.1 200 OK~a: 1~b: 2~c: 3~d: 4~e: 5~~                 | more than 4 headers",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~zz~            | no size of a chunk",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~-1~            | no size of a chunk",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~~              | no size of a chunk",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~8000000000000000~ | a chunk's size beyond 64 bits",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~1~ab~          | a chunk longer than its size",
                "HTTP/1.1 200 OK~transfer-encoding: chunked~~0~x t~~        | no header: 'x t'",
            })
    void refusesWhatIsNone(String answer, String why) {
        List<String> parts = read(withLines(answer), 1);
        assertThat(parts.getLast()).isEqualTo("refused: " + why);
        assertThat(read(withLines(answer), 1000)).isEqualTo(parts);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100, 5000})
    void keepsNoMoreOfAHeadThanItMay(int piece) {
        List<String> parts = read("HTTP/1.1 200 OK\r\nx-a: " + "a".repeat(3000), piece);
        assertThat(parts).containsExactly("refused: headers of more than 2000 bytes");
    }

    @Test
    void aChangedByteIsAnAnswerOrRefusedButNeverAnotherFault() {
        Random random = new Random(SEED);
        for (String answer : answers()) {
            for (int i = 0; i < 2000; i++) {
                byte[] bytes = answer.getBytes(ISO_8859_1);
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                String changed = new String(bytes, ISO_8859_1);
                assertThat(withoutBehind(read(changed, 1 + random.nextInt(30))))
                        .isEqualTo(withoutBehind(read(changed, bytes.length)));
            }
        }
    }

    /** Which only those pieces tell that end there. */
    private static List<String> withoutBehind(List<String> parts) {
        return parts.stream().map(part -> part.replace(", more behind", "")).toList();
    }

    private static List<String> read(String answer, int piece) {
        return read(answer, piece, false);
    }

    /** What was told, with what belongs together joined. */
    private static List<String> read(String answer, int piece, boolean head) {
        Told told = new Told();
        Http1AnswerReader reader = told.reader;
        reader.begin();
        if (head) {
            reader.expectNoBody();
        }
        byte[] bytes = answer.getBytes(ISO_8859_1);
        List<ByteBuf> given = new ArrayList<>();
        try {
            for (int i = 0; i < bytes.length && !reader.isOver(); i += piece) {
                ByteBuf in = Unpooled.copiedBuffer(bytes, i, Math.min(piece, bytes.length - i));
                given.add(in);
                reader.read(in);
            }
        } catch (Http1AnswerException e) {
            told.parts.add("refused: " + e.getMessage());
        }
        reader.close();
        assertThat(given).allMatch(in -> in.refCnt() == 0);
        return told.parts;
    }

    private static final class Told implements Http1AnswerReader.Parts {
        private final List<String> parts = new ArrayList<>();
        private final Http1AnswerReader reader = new Http1AnswerReader(this, 2000, 4);

        @Override
        public void onHead(Http1AnswerHead head) {
            String fields = head.headers().stream()
                    .filter(field -> field.getKey().charAt(0) != ':')
                    .map(field -> field.getKey() + "=" + field.getValue())
                    .toList()
                    .toString();
            parts.add("head " + head.status() + " " + fields
                    + (head.keepsAlive() && !reader.endsWithConnection() ? " alive" : "")
                    + (reader.isOver() && head.length() != 0 ? ", over" : ""));
        }

        @Override
        public void onData(ByteBuf bytes, boolean end) {
            String text = bytes.toString(ISO_8859_1);
            bytes.release();
            String before = parts.getLast();
            if (before.startsWith("data ")) {
                parts.removeLast();
            } else {
                before = "data ";
            }
            parts.add(before + text + (end ? " end" : "") + (end && reader.hasMore() ? ", more behind" : ""));
        }

        @Override
        public void onEnd(HttpHeaders trailers) {
            parts.add("end "
                    + trailers.stream()
                            .map(field -> field.getKey() + "=" + field.getValue())
                            .toList());
        }
    }
}
