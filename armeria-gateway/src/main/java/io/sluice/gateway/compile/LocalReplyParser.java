package io.sluice.gateway.compile;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.StreamInfo;
import io.sluice.gateway.filter.HeaderMutationParser;
import io.sluice.gateway.filter.HeaderMutations;
import io.sluice.gateway.filter.LocalReplies;
import io.sluice.gateway.xds.Problems;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads what becomes of local replies. */
final class LocalReplyParser {
    private final AccessLogParser logs;

    /** @param logs whose filters and formats mappers share */
    LocalReplyParser(AccessLogParser logs) {
        this.logs = logs;
    }

    Optional<LocalReplies> parse(LocalReplyConfig config, Problems problems) {
        List<LocalReplies.Mapper> mappers = new ArrayList<>();
        for (int i = 0; i < config.getMappersCount(); i++) {
            mapper(config.getMappers(i), problems.at("mappers[" + i + "]")).ifPresent(mappers::add);
        }
        Optional<LocalReplies.Body> body =
                body(config.hasBodyFormat(), config.getBodyFormat(), problems.at("body_format"));
        return problems.any() || body.isPresent() != config.hasBodyFormat()
                ? Optional.empty()
                : Optional.of(new LocalReplies(mappers, body.orElse(null)));
    }

    private Optional<LocalReplies.Mapper> mapper(ResponseMapper message, Problems problems) {
        Optional<Predicate<StreamInfo>> test = logs.test(message.getFilter(), problems.at("filter"));
        Optional<LocalReplies.Body> body = body(
                message.hasBodyFormatOverride(), message.getBodyFormatOverride(), problems.at("body_format_override"));
        Optional<HeaderMutations> headers =
                HeaderMutationParser.adds(message.getHeadersToAddList(), "headers_to_add", problems);
        Optional<String> text = message.hasBody() ? text(message.getBody(), problems.at("body")) : Optional.empty();
        if (test.isEmpty() || headers.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new LocalReplies.Mapper(
                test.get(),
                message.hasStatusCode() ? message.getStatusCode().getValue() : null,
                text.orElse(null),
                body.orElse(null),
                headers.get()));
    }

    private static Optional<String> text(DataSource source, Problems problems) {
        return switch (source.getSpecifierCase()) {
            case INLINE_STRING -> Optional.of(source.getInlineString());
            case INLINE_BYTES -> Optional.of(source.getInlineBytes().toString(StandardCharsets.UTF_8));
            case FILENAME, ENVIRONMENT_VARIABLE, SPECIFIER_NOT_SET ->
                problems.unsupported("specifier", source.getSpecifierCase());
        };
    }

    private Optional<LocalReplies.Body> body(boolean given, SubstitutionFormatString message, Problems problems) {
        if (!given) {
            return Optional.empty();
        }
        String byDefault = message.hasJsonFormat() ? "application/json" : "text/plain";
        String type = message.getContentType().isEmpty() ? byDefault : message.getContentType();
        return logs.body(message, problems).map(format -> new LocalReplies.Body(format, type));
    }
}
