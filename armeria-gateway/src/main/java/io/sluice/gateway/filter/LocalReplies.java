package io.sluice.gateway.filter;

import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.accesslog.StreamInfo;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a connection manager makes of answers that no upstream gave. Source: Envoy, {@code source/common/local_reply/local_reply.cc}.
 *
 * @param body of replies whose mapper has none; null leaves them
 */
public record LocalReplies(List<Mapper> mappers, @Nullable Body body) {
    public static final LocalReplies AS_THEY_ARE = new LocalReplies(List.of(), null);

    public LocalReplies {
        mappers = List.copyOf(mappers);
    }

    /** @param status and body: null leave them */
    public record Mapper(
            Predicate<StreamInfo> test,
            @Nullable Integer status,
            @Nullable String text,
            @Nullable Body body,
            HeaderMutations headers) {}

    /** A body by a format, which reads the one before as {@code %LOCAL_REPLY_BODY%}. */
    public record Body(BiConsumer<StreamInfo, StringBuilder> format, String contentType) {}

    /**
     * What a reply says in the end; its headers are in the builder.
     *
     * @param contentType of the format that made the text; null where none did
     */
    public record Said(String text, @Nullable String contentType) {}

    /** The texts that formats read while a reply is made. */
    public interface Making {
        /** @param text the body as it stands, which {@code %LOCAL_REPLY_BODY%} reads */
        StreamInfo with(String text);
    }

    /** The first mapper that matches says what changes. */
    public Said apply(ResponseHeadersBuilder headers, String text, Making making) {
        String said = text;
        Body shape = body;
        for (Mapper mapper : mappers) {
            StreamInfo info = making.with(said);
            if (!mapper.test().test(info)) {
                continue;
            }
            if (mapper.text() != null) {
                said = mapper.text();
            }
            mapper.headers().apply(headers, info);
            if (mapper.status() != null) {
                headers.status(HttpStatus.valueOf(mapper.status()));
            }
            shape = mapper.body() == null ? shape : mapper.body();
            break;
        }
        if (shape == null) {
            return new Said(said, null);
        }
        StringBuilder out = new StringBuilder();
        shape.format().accept(making.with(said), out);
        return new Said(out.toString(), shape.contentType());
    }
}
