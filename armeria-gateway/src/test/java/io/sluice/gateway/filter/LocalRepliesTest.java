package io.sluice.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.accesslog.FakeStream;
import io.sluice.gateway.accesslog.StreamInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalRepliesTest {
    private static final LocalReplies.Body QUOTED = new LocalReplies.Body(
            (info, out) -> out.append('<').append(info.localReplyBody()).append('>'), "text/quoted");

    private static LocalReplies.Mapper mapper(
            boolean matches, @Nullable Integer status, @Nullable String text, LocalReplies.@Nullable Body body) {
        return new LocalReplies.Mapper(info -> matches, status, text, body, HeaderMutations.NONE);
    }

    private static String apply(LocalReplies replies) {
        ResponseHeadersBuilder headers = ResponseHeaders.of(503).toBuilder();
        LocalReplies.Said said = replies.apply(headers, "old", LocalRepliesTest::with);
        return headers.status().code() + " " + said.text() + " " + said.contentType();
    }

    private static StreamInfo with(String text) {
        return new FakeStream() {
            @Override
            public String localReplyBody() {
                return text;
            }
        };
    }

    @Test
    void theFirstMapperThatMatchesSaysWhatChanges() {
        assertThat(apply(LocalReplies.AS_THEY_ARE)).isEqualTo("503 old null");
        assertThat(apply(new LocalReplies(
                        List.of(
                                mapper(false, 1, "no", null),
                                mapper(true, 500, "new", null),
                                mapper(true, 2, "x", null)),
                        null)))
                .isEqualTo("500 new null");
    }

    @Test
    void aMappersFormatComesBeforeTheCommonOne() {
        assertThat(apply(new LocalReplies(List.of(), QUOTED))).isEqualTo("503 <old> text/quoted");
        assertThat(apply(new LocalReplies(List.of(mapper(true, null, "new", null)), QUOTED)))
                .isEqualTo("503 <new> text/quoted");
        LocalReplies.Body own = new LocalReplies.Body((info, out) -> out.append("own"), "text/own");
        assertThat(apply(new LocalReplies(List.of(mapper(true, null, null, own)), QUOTED)))
                .isEqualTo("503 own text/own");
    }
}
