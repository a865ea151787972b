package io.sluice.gateway.filter.compressor;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.extensions.compression.gzip.compressor.v3.Gzip;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.Compressor;
import io.envoyproxy.envoy.extensions.filters.http.compressor.v3.CompressorPerRoute;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.filter.FilterMeters;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.HttpFilterParser;
import io.sluice.gateway.filter.compressor.CompressorFilter.Direction;
import io.sluice.gateway.filter.compressor.CompressorFilter.ForResponse;
import io.sluice.gateway.filter.compressor.CompressorFilter.PerRoute;
import io.sluice.gateway.filter.compressor.CompressorFilter.Settings;
import io.sluice.gateway.filter.compressor.CompressorFilter.Stats;
import io.sluice.gateway.xds.Problems;
import java.util.Optional;
import java.util.Set;
import java.util.zip.Deflater;

/** Reads Envoy's {@code envoy.extensions.filters.http.compressor.v3}, with its gzip library. */
public final class CompressorFilterParser implements HttpFilterParser {
    private static final long MIN_LENGTH = 30;
    private static final Set<String> TYPES = Set.of(
            "text/html",
            "text/plain",
            "text/css",
            "application/javascript",
            "application/x-javascript",
            "text/javascript",
            "text/x-javascript",
            "text/ecmascript",
            "text/js",
            "text/jscript",
            "text/x-js",
            "application/ecmascript",
            "application/x-json",
            "application/xml",
            "application/json",
            "image/svg+xml",
            "text/xml",
            "application/xhtml+xml");

    private final MeterRegistry metrics;

    public CompressorFilterParser(MeterRegistry metrics) {
        this.metrics = metrics;
    }

    @Override
    public String typeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor";
    }

    @Override
    public String routeTypeUrl() {
        return "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.CompressorPerRoute";
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, Any config, Problems problems) {
        return parse(name, "", config, problems);
    }

    @Override
    public Optional<HttpFilterFactory> parse(String name, String statPrefix, Any config, Problems problems) {
        return HttpFilterParser.unpack(config, Compressor.class, problems)
                .flatMap(message -> settings(message, new FilterMeters(metrics, statPrefix), problems))
                .map(settings -> new CompressorFilter.Factory(name, settings));
    }

    private static Optional<Settings> settings(Compressor message, FilterMeters meters, Problems problems) {
        String library = message.getCompressorLibrary().getName();
        Problems at = problems.at("compressor_library").at("typed_config");
        Any config = message.getCompressorLibrary().getTypedConfig();
        if (!config.is(Gzip.class)) {
            return at.unsupported("@type", config.getTypeUrl());
        }
        return HttpFilterParser.unpack(config, Gzip.class, at).flatMap(gzip -> {
            Optional<Integer> strategy = strategy(gzip, at);
            var request = message.getRequestDirectionConfig();
            var response = message.getResponseDirectionConfig();
            String prefix = "compressor." + library + ".gzip.";
            return strategy.map(how -> new Settings(
                    level(gzip),
                    how,
                    message.hasRequestDirectionConfig()
                            ? direction(request.getCommonConfig(), false, stats(meters, prefix + "request."))
                            : null,
                    direction(
                            response.getCommonConfig(),
                            true,
                            stats(meters, message.hasResponseDirectionConfig() ? prefix + "response." : prefix)),
                    new ForResponse(
                            response.getDisableOnEtagHeader(),
                            response.getRemoveAcceptEncodingHeader(),
                            Set.copyOf(response.getUncompressibleResponseCodesList()))));
        });
    }

    private static Direction direction(Compressor.CommonDirectionConfig config, boolean byDefault, Stats stats) {
        return new Direction(
                config.hasEnabled() ? config.getEnabled().getDefaultValue().getValue() : byDefault,
                config.hasMinContentLength()
                        ? Integer.toUnsignedLong(config.getMinContentLength().getValue())
                        : MIN_LENGTH,
                config.getContentTypeCount() == 0 ? TYPES : Set.copyOf(config.getContentTypeList()),
                stats);
    }

    private static Stats stats(FilterMeters meters, String prefix) {
        return new Stats(
                meters.counter(prefix + "compressed"),
                meters.counter(prefix + "not_compressed"),
                meters.counter(prefix + "total_uncompressed_bytes"),
                meters.counter(prefix + "total_compressed_bytes"));
    }

    private static int level(Gzip gzip) {
        return switch (gzip.getCompressionLevel()) {
            case DEFAULT_COMPRESSION, UNRECOGNIZED -> Deflater.DEFAULT_COMPRESSION;
            case BEST_SPEED -> 1; // also COMPRESSION_LEVEL_1
            case COMPRESSION_LEVEL_2 -> 2;
            case COMPRESSION_LEVEL_3 -> 3;
            case COMPRESSION_LEVEL_4 -> 4;
            case COMPRESSION_LEVEL_5 -> 5;
            case COMPRESSION_LEVEL_6 -> 6;
            case COMPRESSION_LEVEL_7 -> 7;
            case COMPRESSION_LEVEL_8 -> 8;
            case COMPRESSION_LEVEL_9 -> 9; // also BEST_COMPRESSION
        };
    }

    private static Optional<Integer> strategy(Gzip gzip, Problems problems) {
        return switch (gzip.getCompressionStrategy()) {
            case DEFAULT_STRATEGY -> Optional.of(Deflater.DEFAULT_STRATEGY);
            case FILTERED -> Optional.of(Deflater.FILTERED);
            case HUFFMAN_ONLY -> Optional.of(Deflater.HUFFMAN_ONLY);
            case RLE, FIXED, UNRECOGNIZED ->
                problems.unsupported("compression_strategy", gzip.getCompressionStrategy());
        };
    }

    @Override
    public Optional<Object> parseRoute(Any config, Problems problems) {
        return HttpFilterParser.unpack(config, CompressorPerRoute.class, problems)
                .flatMap(message -> switch (message.getOverrideCase()) {
                    case DISABLED -> Optional.of(new PerRoute(true, null));
                    case OVERRIDES -> {
                        var response = message.getOverrides().getResponseDirectionConfig();
                        yield Optional.of(new PerRoute(
                                false,
                                response.hasRemoveAcceptEncodingHeader()
                                        ? response.getRemoveAcceptEncodingHeader()
                                                .getValue()
                                        : null));
                    }
                    case OVERRIDE_NOT_SET -> problems.expected("override", "nothing", "disabled or overrides");
                });
    }
}
