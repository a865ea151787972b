package io.sluice.gateway.compile;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.sluice.gateway.route.HeaderMatcher;
import io.sluice.gateway.route.MetadataMatcher;
import io.sluice.gateway.route.PathMatcher;
import io.sluice.gateway.route.QueryMatcher;
import io.sluice.gateway.route.RouteMatch;
import io.sluice.gateway.route.UriTemplate;
import io.sluice.gateway.route.ValueMatcher;
import io.sluice.gateway.xds.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Turns Envoy's matchers into ours. */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
final class RouteMatchParser {

    Optional<RouteMatch> parse(io.envoyproxy.envoy.config.route.v3.RouteMatch match, Problems problems) {
        boolean caseSensitive =
                !match.hasCaseSensitive() || match.getCaseSensitive().getValue();
        Optional<PathMatcher> path = switch (match.getPathSpecifierCase()) {
            case PATH -> Optional.of(new PathMatcher.Exact(match.getPath(), caseSensitive));
            case PREFIX -> Optional.of(new PathMatcher.Prefix(match.getPrefix(), caseSensitive));
            case PATH_SEPARATED_PREFIX ->
                Optional.of(new PathMatcher.SegmentPrefix(match.getPathSeparatedPrefix(), caseSensitive));
            case SAFE_REGEX ->
                regex(match.getSafeRegex().getRegex(), problems.at("safe_regex"))
                        .map(PathMatcher.Regex::new);
            case PATH_MATCH_POLICY -> template(match.getPathMatchPolicy(), problems.at("path_match_policy"));
            case CONNECT_MATCHER, PATHSPECIFIER_NOT_SET ->
                problems.unsupported("path_specifier", match.getPathSpecifierCase());
        };
        List<HeaderMatcher> headers = new ArrayList<>();
        for (int i = 0; i < match.getHeadersCount(); i++) {
            header(match.getHeaders(i), problems.at("headers[" + i + "]")).ifPresent(headers::add);
        }
        List<QueryMatcher> query = new ArrayList<>();
        for (int i = 0; i < match.getQueryParametersCount(); i++) {
            query(match.getQueryParameters(i), problems.at("query_parameters[" + i + "]"))
                    .ifPresent(query::add);
        }
        List<MetadataMatcher> metadata = new ArrayList<>();
        for (int i = 0; i < match.getDynamicMetadataCount(); i++) {
            metadata(match.getDynamicMetadata(i), problems.at("dynamic_metadata[" + i + "]"))
                    .ifPresent(metadata::add);
        }
        if (path.isEmpty()
                || headers.size() < match.getHeadersCount()
                || query.size() < match.getQueryParametersCount()
                || metadata.size() < match.getDynamicMetadataCount()) {
            return Optional.empty();
        }
        FractionalPercent percent = match.getRuntimeFraction().getDefaultValue();
        return Optional.of(new RouteMatch(
                path.get(),
                headers,
                query,
                match.hasGrpc(),
                match.hasRuntimeFraction()
                        ? new RouteMatch.Fraction(percent.getNumerator(), denominator(percent))
                        : null,
                metadata,
                match.hasTlsContext() ? certificate(match.getTlsContext()) : null));
    }

    private static RouteMatch.CallersCertificate certificate(
            io.envoyproxy.envoy.config.route.v3.RouteMatch.TlsContextMatchOptions options) {
        return new RouteMatch.CallersCertificate(
                options.hasPresented() ? options.getPresented().getValue() : null,
                options.hasValidated() ? options.getValidated().getValue() : null);
    }

    private static Optional<PathMatcher> template(TypedExtensionConfig policy, Problems problems) {
        if (!policy.getTypedConfig().is(UriTemplateMatchConfig.class)) {
            return problems.unsupported("typed_config", policy.getTypedConfig().getTypeUrl());
        }
        try {
            String template =
                    policy.getTypedConfig().unpack(UriTemplateMatchConfig.class).getPathTemplate();
            try {
                return Optional.of(new PathMatcher.Template(UriTemplate.parse(template)));
            } catch (IllegalArgumentException e) {
                return problems.expected("path_template", "'" + template + "'", String.valueOf(e.getMessage()));
            }
        } catch (InvalidProtocolBufferException e) {
            return problems.wrong("typed_config", String.valueOf(e.getMessage()));
        }
    }

    static Optional<MetadataMatcher> metadata(
            io.envoyproxy.envoy.type.matcher.v3.MetadataMatcher matcher, Problems problems) {
        List<String> path =
                matcher.getPathList().stream().map(segment -> segment.getKey()).toList();
        return metadataValue(matcher.getValue(), problems.at("value"))
                .map(value -> new MetadataMatcher(matcher.getFilter(), path, value, matcher.getInvert()));
    }

    private static Optional<MetadataMatcher.Value> metadataValue(
            io.envoyproxy.envoy.type.matcher.v3.ValueMatcher matcher, Problems problems) {
        return switch (matcher.getMatchPatternCase()) {
            case STRING_MATCH ->
                string(matcher.getStringMatch(), problems.at("string_match")).map(MetadataMatcher.Value.Text::new);
            case BOOL_MATCH -> Optional.of(new MetadataMatcher.Value.Truth(matcher.getBoolMatch()));
            case PRESENT_MATCH -> Optional.of(new MetadataMatcher.Value.Present(matcher.getPresentMatch()));
            case DOUBLE_MATCH ->
                Optional.of(
                        matcher.getDoubleMatch().hasRange()
                                ? new MetadataMatcher.Value.Range(
                                        matcher.getDoubleMatch().getRange().getStart(),
                                        matcher.getDoubleMatch().getRange().getEnd())
                                : new MetadataMatcher.Value.Range(
                                        matcher.getDoubleMatch().getExact(),
                                        matcher.getDoubleMatch().getExact()));
            case LIST_MATCH ->
                metadataValue(matcher.getListMatch().getOneOf(), problems.at("list_match"))
                        .map(MetadataMatcher.Value.OneOf::new);
            case OR_MATCH -> {
                List<MetadataMatcher.Value> values = new ArrayList<>();
                for (int i = 0; i < matcher.getOrMatch().getValueMatchersCount(); i++) {
                    metadataValue(
                                    matcher.getOrMatch().getValueMatchers(i),
                                    problems.at("or_match > value_matchers[" + i + "]"))
                            .ifPresent(values::add);
                }
                yield values.size() == matcher.getOrMatch().getValueMatchersCount()
                        ? Optional.of(new MetadataMatcher.Value.AnyOf(values))
                        : Optional.empty();
            }
            case NULL_MATCH, MATCHPATTERN_NOT_SET ->
                problems.unsupported("match_pattern", matcher.getMatchPatternCase());
        };
    }

    static long denominator(FractionalPercent percent) {
        return switch (percent.getDenominator()) {
            case HUNDRED, UNRECOGNIZED -> 100;
            case TEN_THOUSAND -> 10_000;
            case MILLION -> 1_000_000;
        };
    }

    Optional<HeaderMatcher> header(io.envoyproxy.envoy.config.route.v3.HeaderMatcher matcher, Problems problems) {
        boolean invert = matcher.getInvertMatch();
        Optional<ValueMatcher> value = switch (matcher.getHeaderMatchSpecifierCase()) {
            case STRING_MATCH -> string(matcher.getStringMatch(), problems.at("string_match"));
            case EXACT_MATCH -> Optional.of(new ValueMatcher.Exact(matcher.getExactMatch(), false));
            case PREFIX_MATCH -> Optional.of(new ValueMatcher.Prefix(matcher.getPrefixMatch(), false));
            case SUFFIX_MATCH -> Optional.of(new ValueMatcher.Suffix(matcher.getSuffixMatch(), false));
            case CONTAINS_MATCH -> Optional.of(new ValueMatcher.Contains(matcher.getContainsMatch(), false));
            case SAFE_REGEX_MATCH ->
                regex(matcher.getSafeRegexMatch().getRegex(), problems.at("safe_regex_match"))
                        .map(ValueMatcher.Regex::new);
            case RANGE_MATCH ->
                Optional.of(new ValueMatcher.Range(
                        matcher.getRangeMatch().getStart(),
                        matcher.getRangeMatch().getEnd()));
            case PRESENT_MATCH, HEADERMATCHSPECIFIER_NOT_SET -> Optional.of(new ValueMatcher.Present());
        };
        boolean absent = matcher.hasPresentMatch() && !matcher.getPresentMatch();
        return value.map(v -> new HeaderMatcher(
                matcher.getName().toLowerCase(Locale.ROOT),
                v,
                invert != absent,
                matcher.getTreatMissingHeaderAsEmpty()));
    }

    private static Optional<QueryMatcher> query(
            io.envoyproxy.envoy.config.route.v3.QueryParameterMatcher matcher, Problems problems) {
        Optional<ValueMatcher> value = switch (matcher.getQueryParameterMatchSpecifierCase()) {
            case STRING_MATCH -> string(matcher.getStringMatch(), problems.at("string_match"));
            case PRESENT_MATCH, QUERYPARAMETERMATCHSPECIFIER_NOT_SET -> Optional.of(new ValueMatcher.Present());
        };
        return value.map(v -> new QueryMatcher(matcher.getName(), v));
    }

    static Optional<ValueMatcher> string(StringMatcher matcher, Problems problems) {
        boolean ignoreCase = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> Optional.of(new ValueMatcher.Exact(matcher.getExact(), ignoreCase));
            case PREFIX -> Optional.of(new ValueMatcher.Prefix(matcher.getPrefix(), ignoreCase));
            case SUFFIX -> Optional.of(new ValueMatcher.Suffix(matcher.getSuffix(), ignoreCase));
            case CONTAINS -> Optional.of(new ValueMatcher.Contains(matcher.getContains(), ignoreCase));
            case SAFE_REGEX ->
                regex(matcher.getSafeRegex().getRegex(), problems.at("safe_regex"))
                        .map(ValueMatcher.Regex::new);
            case CUSTOM, MATCHPATTERN_NOT_SET -> problems.unsupported("match_pattern", matcher.getMatchPatternCase());
        };
    }

    static Optional<Pattern> regex(String regex, Problems problems) {
        try {
            return Optional.of(Pattern.compile(regex));
        } catch (PatternSyntaxException e) {
            return problems.expected("regex", "'" + regex + "' (" + e.getDescription() + ")", "RE2 syntax");
        }
    }
}
