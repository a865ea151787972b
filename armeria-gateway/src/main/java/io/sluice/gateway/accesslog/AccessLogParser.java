package io.sluice.gateway.accesslog;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.accesslog.v3.AccessLogFilter;
import io.envoyproxy.envoy.config.accesslog.v3.ComparisonFilter;
import io.envoyproxy.envoy.config.accesslog.v3.RuntimeFilter;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StderrAccessLog;
import io.envoyproxy.envoy.extensions.access_loggers.stream.v3.StdoutAccessLog;
import io.sluice.gateway.xds.Problems;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Reads {@code envoy.config.accesslog.v3.AccessLog}: the file, stdout and stderr loggers with their filters and formats. */
public final class AccessLogParser {
    private static final Map<String, ResponseFlag> FLAGS =
            Set.of(ResponseFlag.values()).stream().collect(Collectors.toUnmodifiableMap(Enum::name, flag -> flag));

    private final LogSinks sinks;
    private final HeaderTestParser headerTests;

    public AccessLogParser(LogSinks sinks, HeaderTestParser headerTests) {
        this.sinks = sinks;
        this.headerTests = headerTests;
    }

    /** @return empty when something was reported to {@code problems} */
    public Optional<AccessLog> parse(io.envoyproxy.envoy.config.accesslog.v3.AccessLog message, Problems problems) {
        Optional<LogFilter> filter = message.hasFilter()
                ? filter(message.getFilter(), problems.at("filter"))
                : Optional.of(new LogFilter.All());
        Optional<Line> line = line(message.getTypedConfig(), problems.at("typed_config"));
        return filter.flatMap(takes -> line.map(found -> {
            LogSink sink = sinks.open(found.path());
            return info -> {
                if (takes.takes(info)) {
                    var text = new StringBuilder(256);
                    found.format().accept(info, text);
                    sink.write(text.toString());
                }
            };
        }));
    }

    /** Which requests a filter takes, for others who ask that. */
    public Optional<Predicate<StreamInfo>> test(AccessLogFilter filter, Problems problems) {
        return filter(filter, problems).map(parsed -> parsed::takes);
    }

    /** A text by a format, for others who write one. */
    public Optional<BiConsumer<StreamInfo, StringBuilder>> body(SubstitutionFormatString message, Problems problems) {
        return format(message, problems);
    }

    private record Line(String path, BiConsumer<StreamInfo, StringBuilder> format) {}

    private static Optional<Line> line(Any config, Problems problems) {
        try {
            if (config.is(FileAccessLog.class)) {
                FileAccessLog file = config.unpack(FileAccessLog.class);
                return path(file.getPath(), problems)
                        .flatMap(path -> fileFormat(file, problems).map(format -> new Line(path.toString(), format)));
            }
            if (config.is(StdoutAccessLog.class)) {
                StdoutAccessLog out = config.unpack(StdoutAccessLog.class);
                return format(out.hasLogFormat(), out.getLogFormat(), problems)
                        .map(format -> new Line("/dev/stdout", format));
            }
            if (config.is(StderrAccessLog.class)) {
                StderrAccessLog err = config.unpack(StderrAccessLog.class);
                return format(err.hasLogFormat(), err.getLogFormat(), problems)
                        .map(format -> new Line("/dev/stderr", format));
            }
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong(config.getTypeUrl(), String.valueOf(e.getMessage()));
        }
        return problems.unsupported("@type", config.getTypeUrl());
    }

    private static Optional<Path> path(String path, Problems problems) {
        if (path.isEmpty()) {
            return problems.expected("path", "''", "the path of a file, /dev/stdout or /dev/stderr");
        }
        try {
            return Optional.of(Path.of(path));
        } catch (InvalidPathException e) {
            return problems.wrong("path", e.getReason());
        }
    }

    @SuppressWarnings("deprecation") // Envoy still obeys the old fields, and control planes still send them
    private static Optional<BiConsumer<StreamInfo, StringBuilder>> fileFormat(FileAccessLog file, Problems problems) {
        return switch (file.getAccessLogFormatCase()) {
            case FORMAT -> Format.parse(file.getFormat(), problems.at("format")).map(format -> format::append);
            case JSON_FORMAT -> json(file.getJsonFormat(), false, problems.at("json_format"));
            case TYPED_JSON_FORMAT -> json(file.getTypedJsonFormat(), false, problems.at("typed_json_format"));
            case LOG_FORMAT -> format(true, file.getLogFormat(), problems);
            case ACCESSLOGFORMAT_NOT_SET -> format(false, SubstitutionFormatString.getDefaultInstance(), problems);
        };
    }

    @SuppressWarnings("deprecation") // text_format: as above
    private static Optional<BiConsumer<StreamInfo, StringBuilder>> format(
            boolean given, SubstitutionFormatString message, Problems problems) {
        if (!given) {
            return Format.parse(Format.DEFAULT, problems).map(format -> format::append);
        }
        return format(message, problems.at("log_format"));
    }

    @SuppressWarnings("deprecation") // text_format: as above
    private static Optional<BiConsumer<StreamInfo, StringBuilder>> format(
            SubstitutionFormatString message, Problems place) {
        return switch (message.getFormatCase()) {
            case TEXT_FORMAT -> text(message.getTextFormat(), message, place.at("text_format"));
            case TEXT_FORMAT_SOURCE ->
                message.getTextFormatSource().hasInlineString()
                        ? text(message.getTextFormatSource().getInlineString(), message, place.at("text_format_source"))
                        : place.unsupported(
                                "text_format_source",
                                message.getTextFormatSource().getSpecifierCase());
            case JSON_FORMAT -> json(message.getJsonFormat(), message.getOmitEmptyValues(), place.at("json_format"));
            case FORMAT_NOT_SET -> place.expected("format", "nothing", "text_format_source or json_format");
        };
    }

    private static Optional<BiConsumer<StreamInfo, StringBuilder>> text(
            String format, SubstitutionFormatString message, Problems problems) {
        String missing = message.getOmitEmptyValues() ? "" : "-";
        return Format.parse(format, problems).map(parsed -> (info, out) -> parsed.append(info, out, missing));
    }

    private static Optional<BiConsumer<StreamInfo, StringBuilder>> json(
            Struct struct, boolean omitEmpty, Problems problems) {
        return members(struct, problems).map(root -> new JsonFormat(root, omitEmpty)::append);
    }

    private static Optional<JsonFormat.Members> members(Struct struct, Problems problems) {
        var members = new HashMap<String, JsonFormat.Node>();
        struct.getFieldsMap()
                .forEach((key, value) -> node(value, problems.at(key)).ifPresent(node -> members.put(key, node)));
        return members.size() == struct.getFieldsCount()
                ? Optional.of(new JsonFormat.Members(members))
                : Optional.empty();
    }

    private static Optional<JsonFormat.Node> node(Value value, Problems problems) {
        return switch (value.getKindCase()) {
            case STRING_VALUE -> Format.parse(value.getStringValue(), problems).map(JsonFormat.Leaf::new);
            case STRUCT_VALUE -> members(value.getStructValue(), problems).map(node -> node);
            case LIST_VALUE -> items(value.getListValue(), problems);
            case NUMBER_VALUE ->
                Optional.of(new JsonFormat.Fixed(new BigDecimal(value.getNumberValue())
                        .stripTrailingZeros()
                        .toPlainString()));
            case BOOL_VALUE -> Optional.of(new JsonFormat.Fixed(String.valueOf(value.getBoolValue())));
            case NULL_VALUE -> Optional.of(new JsonFormat.Fixed("null"));
            case KIND_NOT_SET -> problems.expected("value", "nothing", "a format, a number, a list or an object");
        };
    }

    private static Optional<JsonFormat.Node> items(ListValue list, Problems problems) {
        var items = new ArrayList<JsonFormat.Node>();
        for (int i = 0; i < list.getValuesCount(); i++) {
            node(list.getValues(i), problems.at("[" + i + "]")).ifPresent(items::add);
        }
        return items.size() == list.getValuesCount() ? Optional.of(new JsonFormat.Items(items)) : Optional.empty();
    }

    private Optional<LogFilter> filter(AccessLogFilter filter, Problems problems) {
        return switch (filter.getFilterSpecifierCase()) {
            case STATUS_CODE_FILTER ->
                comparison(filter.getStatusCodeFilter().getComparison(), problems.at("status_code_filter"))
                        .map(LogFilter.Status::new);
            case DURATION_FILTER ->
                comparison(filter.getDurationFilter().getComparison(), problems.at("duration_filter"))
                        .map(LogFilter.Duration::new);
            case NOT_HEALTH_CHECK_FILTER -> Optional.of(new LogFilter.NotHealthCheck());
            case AND_FILTER ->
                filters(filter.getAndFilter().getFiltersList(), problems.at("and_filter"))
                        .map(LogFilter.And::new);
            case OR_FILTER ->
                filters(filter.getOrFilter().getFiltersList(), problems.at("or_filter"))
                        .map(LogFilter.Or::new);
            case HEADER_FILTER ->
                headerTests
                        .parse(filter.getHeaderFilter().getHeader(), problems.at("header_filter"))
                        .map(LogFilter.Header::new);
            case RESPONSE_FLAG_FILTER ->
                flags(filter.getResponseFlagFilter().getFlagsList(), problems.at("response_flag_filter"));
            case RUNTIME_FILTER -> fraction(filter.getRuntimeFilter(), problems.at("runtime_filter"));
            case GRPC_STATUS_FILTER ->
                Optional.of(new LogFilter.Grpc(
                        filter.getGrpcStatusFilter().getStatusesList().stream()
                                .map(status -> (long) status.getNumber())
                                .collect(Collectors.toUnmodifiableSet()),
                        filter.getGrpcStatusFilter().getExclude()));
            case TRACEABLE_FILTER, EXTENSION_FILTER, METADATA_FILTER, LOG_TYPE_FILTER, FILTERSPECIFIER_NOT_SET ->
                problems.unsupported("filter_specifier", filter.getFilterSpecifierCase());
        };
    }

    /** The runtime key is not asked, as below. */
    private static Optional<LogFilter> fraction(RuntimeFilter filter, Problems problems) {
        long denominator = switch (filter.getPercentSampled().getDenominator()) {
            case HUNDRED -> 100;
            case TEN_THOUSAND -> 10_000;
            case MILLION -> 1_000_000;
            case UNRECOGNIZED -> 0;
        };
        return denominator == 0
                ? problems.expected(
                        "percent_sampled.denominator",
                        filter.getPercentSampled().getDenominatorValue(),
                        "HUNDRED, TEN_THOUSAND or MILLION")
                : Optional.of(new LogFilter.Fraction(
                        filter.getPercentSampled().getNumerator(), denominator, filter.getUseIndependentRandomness()));
    }

    private Optional<List<LogFilter>> filters(List<AccessLogFilter> messages, Problems problems) {
        var filters = new ArrayList<LogFilter>();
        for (int i = 0; i < messages.size(); i++) {
            filter(messages.get(i), problems.at("filters[" + i + "]")).ifPresent(filters::add);
        }
        return filters.size() == messages.size() ? Optional.of(filters) : Optional.empty();
    }

    private static Optional<LogFilter> flags(List<String> names, Problems problems) {
        var flags = new ArrayList<ResponseFlag>();
        for (String name : names) {
            ResponseFlag flag = FLAGS.get(name);
            if (flag == null) {
                return problems.expected(
                        "flags",
                        name,
                        "any of " + FLAGS.keySet().stream().sorted().toList());
            }
            flags.add(flag);
        }
        return Optional.of(new LogFilter.Flags(Set.copyOf(flags)));
    }

    /** The runtime key is not asked: there is no runtime, so its default holds, as in an Envoy without one. */
    private static Optional<LongPredicate> comparison(ComparisonFilter filter, Problems problems) {
        long than = Integer.toUnsignedLong(filter.getValue().getDefaultValue());
        return switch (filter.getOp()) {
            case EQ -> Optional.of(value -> value == than);
            case GE -> Optional.of(value -> value >= than);
            case LE -> Optional.of(value -> value <= than);
            case UNRECOGNIZED -> problems.unsupported("comparison.op", filter.getOpValue());
        };
    }
}
