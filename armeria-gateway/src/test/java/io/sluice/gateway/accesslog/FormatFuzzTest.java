package io.sluice.gateway.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import io.sluice.gateway.xds.Problems;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Any format over any request. With {@code JAZZER_FUZZ=1} it looks for formats, else it runs the seeds. */
class FormatFuzzTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static StreamInfo request(String value) {
        return new FakeStream() {
            @Override
            public RequestHeaders requestHeaders() {
                return RequestHeaders.builder(HttpMethod.GET, "/")
                        .add("x-a", value.replaceAll("[^\\t -~\\x80-\\xff]", "_"))
                        .build();
            }
        };
    }

    @FuzzTest(maxDuration = "60s")
    void aFormatIsPrintedOrRefusedWithItsPlace(FuzzedDataProvider data) {
        String value = data.consumeString(50);
        String text = data.consumeRemainingAsString();
        Problems problems = Problems.of("Listener 'edge'").at("format");
        Optional<Format> format = Format.parse(text, problems);
        assertThat(format.isPresent()).as(text).isNotEqualTo(problems.any());
        assertThat(problems.list())
                .allSatisfy(problem -> assertThat(problem).startsWith("Listener 'edge' > format > "));
        format.ifPresent(parsed -> parsed.append(request(value), new StringBuilder()));
    }

    @FuzzTest(maxDuration = "60s")
    void whatJsonFormatsPrintIsOneLineOfJson(FuzzedDataProvider data) throws JsonProcessingException {
        String value = data.consumeString(50);
        Map<String, JsonFormat.Node> members = new HashMap<>();
        while (data.remainingBytes() > 0) {
            String name = data.consumeString(10);
            String text = data.consumeBoolean() ? "%REQ(X-A)%" : data.consumeString(30);
            Format.parse(text, Problems.of("format"))
                    .ifPresent(format -> members.put(name, new JsonFormat.Leaf(format)));
        }
        StringBuilder out = new StringBuilder();
        new JsonFormat(new JsonFormat.Members(members), false).append(request(value), out);
        assertThat(out.toString()).endsWith("\n");
        assertThat(out.substring(0, out.length() - 1)).doesNotContain("\n", "\r");
        JSON.readTree(out.toString());
    }
}
