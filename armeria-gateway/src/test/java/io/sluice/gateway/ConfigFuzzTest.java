package io.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.Message;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.DefaultEventLoop;
import io.sluice.gateway.accesslog.AccessLogParser;
import io.sluice.gateway.accesslog.LogSinks;
import io.sluice.gateway.compile.ConfigParser;
import io.sluice.gateway.compile.HttpConnectionManager.LocalNode;
import io.sluice.gateway.compile.HttpConnectionManagerParser;
import io.sluice.gateway.compile.ListenerParser;
import io.sluice.gateway.compile.RequestHeaderTestParser;
import io.sluice.gateway.secret.DataSourceParser;
import io.sluice.gateway.secret.TlsContextParser;
import io.sluice.gateway.upstream.BufferedHttpCalls;
import io.sluice.gateway.upstream.PooledUpstream;
import io.sluice.gateway.xds.BootstrapParser;
import io.sluice.gateway.xds.ConfigSink;
import io.sluice.gateway.xds.PgvCheck;
import io.sluice.gateway.xds.Problems;
import io.sluice.gateway.xds.RandomEdit;
import io.sluice.gateway.xds.ResourceKey;
import io.sluice.gateway.xds.ResourceKind;
import io.sluice.gateway.xds.Resources;
import io.sluice.gateway.xds.SupportMatrix;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What an xDS server may send: resources that were right, changed in up to 40 places. Each is refused with a path, or compiled; nothing is thrown,
 * and the others are not touched. With {@code JAZZER_FUZZ=1} it looks for such changes, else it runs the seeds.
 */
class ConfigFuzzTest {
    private static final SupportMatrix MATRIX = SupportMatrix.load();
    private static final PgvCheck RULES = new PgvCheck();
    private static final Resources START = start();
    private static final ListenerParser LISTENERS = listeners();

    private static Resources start() {
        Problems problems = Problems.of("fuzz.yaml");
        Path file = Path.of("src/test/resources/io/sluice/gateway/fuzz.yaml");
        Resources statics = BootstrapParser.parse(file, "n", "", MATRIX, problems)
                .orElseThrow(() -> new AssertionError(problems.list()))
                .statics();
        assertThat(problems.list()).isEmpty();
        return statics;
    }

    private static ListenerParser listeners() {
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        RequestHeaderTestParser tests = new RequestHeaderTestParser();
        PooledUpstream upstream = new PooledUpstream(metrics);
        return new ListenerParser(
                new HttpConnectionManagerParser(
                        HttpFilters.all(
                                name -> null,
                                upstream,
                                (cluster, path, metadata, timeout, listener) -> {
                                    throw new AssertionError("nothing is called");
                                },
                                new BufferedHttpCalls(upstream, name -> null, new DefaultEventLoop()),
                                Optional.empty(),
                                tests,
                                "edge",
                                metrics),
                        new AccessLogParser(new LogSinks(metrics), tests),
                        false,
                        new LocalNode("n", "edge")),
                new TlsContextParser(new DataSourceParser(List.of())));
    }

    @FuzzTest(maxDuration = "60s")
    void whatIsSentIsCompiledOrRefusedWithAPath(FuzzedDataProvider data) {
        ConfigParser config = new ConfigParser(
                new Resources(),
                LISTENERS,
                new TlsContextParser(new DataSourceParser(List.of())),
                compiled -> Map.of());
        Resources resources = new Resources(START);
        ResourceKind kind = data.pickValue(ResourceKind.values());
        List<String> names = List.copyOf(resources.of(kind).keySet());
        if (names.isEmpty()) {
            return;
        }
        ResourceKey key = new ResourceKey(kind, data.pickValue(names));
        Message good = resources.get(key).orElseThrow();
        RandomEdit edit = new RandomEdit(data);
        for (int i = 0; i < 40 && data.remainingBytes() > 0; i++) {
            Message next = edit.apply(good);
            Problems problems = Problems.of(key.toString());
            MATRIX.check(next, problems);
            RULES.check(next, problems);
            if (problems.any()) {
                assertThat(problems.list())
                        .allSatisfy(problem -> assertThat(problem).startsWith(key + " > "));
                continue; // the one before goes on, as with a gateway
            }
            resources.put(key, next);
            ConfigSink.Candidate candidate = config.compile(resources, Set.of());
            candidate.refused().forEach((refused, why) -> assertThat(why).contains(" > "));
            assertThat(List.of(key, new ResourceKey(ResourceKind.LISTENER, "edge")))
                    .as("the others stay")
                    .containsAll(candidate.refused().keySet());
            if (!candidate.refused().isEmpty()) {
                resources.put(key, good);
            } else {
                good = next;
                config.publish(candidate);
            }
        }
    }
}
