package io.sluice.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.xds.Problems;

/** A filter as its message says, for one exchange. */
public final class FilterYaml {
    public static final RequestHeaderTestParser MATCHERS = new RequestHeaderTestParser();

    private FilterYaml() {}

    /** @param json with names as they stand in the proto */
    public static Any message(Message.Builder builder, String json) {
        try {
            JsonFormat.parser().merge(json, builder);
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(json, e);
        }
        return Any.pack(builder.build());
    }

    public static HttpFilter filter(HttpFilterParser parser, Any message, Exchange exchange) {
        Problems problems = Problems.of("test");
        var factory = parser.parse("test", "edge", message, problems);
        assertThat(problems.list()).isEmpty();
        return factory.orElseThrow().create(exchange, 0);
    }
}
