package io.sluice.gateway.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.sluice.gateway.xds.SupportMatrix.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SupportMatrixTest {
    private static final SupportMatrix MATRIX = SupportMatrix.load();
    private static final Path PAGE = Path.of("../docs/xds-support.md");
    private static final Path TYPES = Path.of("../loadtests/src/test/resources/same/field-types.txt");

    @Test
    void everyListedFieldIsAFieldOfEnvoys() {
        SortedMap<String, Descriptor> all = Reachable.all();
        List<String> wrong = new ArrayList<>();
        for (Part part : Part.values()) {
            MATRIX.messages(part).forEach((name, fields) -> {
                Descriptor type = all.get(name);
                if (type == null) {
                    wrong.add(part + " " + name);
                    return;
                }
                Stream.concat(fields.supported().stream(), fields.ignored().stream())
                        .filter(field -> type.findFieldByName(field) == null)
                        .forEach(field -> wrong.add(part + " " + name + "." + field));
            });
        }
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Part.class)
    void noFieldIsBothObeyedAndWithoutEffect(Part part) {
        MATRIX.messages(part)
                .forEach((name, fields) ->
                        assertThat(fields.supported()).as(name).noneMatch(fields.ignored()::contains));
    }

    @ParameterizedTest
    @EnumSource(Part.class)
    void everyMessageThatAnObeyedFieldLeadsToIsListedAndNoOther(Part part) {
        assertThat(MATRIX.messages(part).keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Reachable.obeyed(MATRIX, part).keySet());
    }

    /** Rewritten with {@code -Dgolden.update}. */
    @Test
    void thePageSaysWhatIsObeyed() throws IOException {
        String page = page();
        if (System.getProperty("golden.update") != null) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE))
                .as("docs/xds-support.md; mvn -pl armeria-gateway test -Dtest=SupportMatrixTest -Dgolden.update"
                        + " rewrites it")
                .isEqualTo(page);
    }

    /** For the test in loadtests that looks for a row of every obeyed field; that module has no messages. Rewritten with {@code -Dgolden.update}. */
    @Test
    void theListOfTypesIsOfTheMessagesThatAreObeyed() throws IOException {
        StringBuilder out = new StringBuilder();
        for (Part part : Part.values()) {
            Reachable.obeyed(MATRIX, part).forEach((name, type) -> {
                out.append(part).append(' ').append(name);
                type.getFields().stream()
                        .filter(field -> field.getJavaType() == FieldDescriptor.JavaType.MESSAGE)
                        .forEach(field -> out.append(' ')
                                .append(field.getName())
                                .append(':')
                                .append(typeOf(field)));
                out.append('\n');
            });
        }
        if (System.getProperty("golden.update") != null) {
            Files.writeString(TYPES, out);
        }
        assertThat(Files.readString(TYPES)).isEqualTo(out.toString());
    }

    /** Of a map, what its values are. */
    private static String typeOf(FieldDescriptor field) {
        if (!field.isMapField()) {
            return field.getMessageType().getFullName();
        }
        FieldDescriptor value = field.getMessageType().findFieldByName("value");
        return "map:"
                + (value.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                        ? value.getMessageType().getFullName()
                        : "text");
    }

    private static String page() {
        StringBuilder out = new StringBuilder("""
            # What the gateway obeys of Envoy's API
            Made from `armeria-gateway/src/main/resources/support/*.yaml` by `SupportMatrixTest`; not edited by hand. Envoy 1.34's messages.

            A field that is set and **refused** makes the gateway refuse its resource by name, with the field's whole path; the last good version
            of that resource stays in force, and what is good beside it goes live. The same holds for message types that do not stand here and for
            fields that no message of that release has. Fields **without effect** are taken and change nothing about traffic.
            """);
        for (Part part : Part.values()) {
            out.append(
                    switch (part) {
                        case LISTENERS -> "\n## Listeners, routes, filters\n";
                        case CLUSTERS -> "\n## Clusters and endpoints\n";
                        case BOOTSTRAP -> "\n## The bootstrap\n";
                    });
            Reachable.obeyed(MATRIX, part).forEach((name, type) -> {
                SupportMatrix.Fields fields =
                        MATRIX.messages(part).getOrDefault(name, new SupportMatrix.Fields(List.of(), List.of()));
                out.append("\n### ").append(name).append('\n');
                line(out, "obeyed", type, fields.supported()::contains);
                line(out, "without effect", type, fields.ignored()::contains);
                line(
                        out,
                        "refused",
                        type,
                        field -> !fields.supported().contains(field)
                                && !fields.ignored().contains(field));
            });
        }
        return out.toString();
    }

    private static void line(StringBuilder out, String word, Descriptor type, Predicate<String> which) {
        List<String> names = type.getFields().stream()
                .map(FieldDescriptor::getName)
                .filter(which)
                .sorted()
                .map(name -> "`" + name + "`")
                .toList();
        if (!names.isEmpty()) {
            out.append("- ")
                    .append(word)
                    .append(": ")
                    .append(String.join(", ", names))
                    .append('\n');
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {name: a, filters: [{name: x}]}                                   | c > filters: not supported
        {name: a, use_tcp_for_dns_lookups: true}                          | c > use_tcp_for_dns_lookups: not supported
        {circuit_breakers: {thresholds: [{}, {max_connection_pools: 1}]}} | c > circuit_breakers > thresholds[1] > max_connection_pools: not supported
        {load_assignment: {endpoints: [{lb_endpoints: [{endpoint_name: x}]}]}} | c > load_assignment > endpoints[0] > lb_endpoints[0] > endpoint_name: not supported
        {common_http_protocol_options: {max_stream_duration: 5s}}         | c > common_http_protocol_options > max_stream_duration: not supported
        {http2_protocol_options: {allow_connect: true}}                   | c > http2_protocol_options > allow_connect: not supported
        {typed_extension_protocol_options: {x: {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions", auto_config: {}}}} | c > typed_extension_protocol_options['x'] > auto_config: not supported
        """)
    void refusesWhatIsSetAndNotObeyedWithItsPath(String json, String problem) throws IOException {
        Cluster.Builder cluster = Cluster.newBuilder();
        JsonFormat.parser().usingTypeRegistry(EnvoyTypes.registry()).merge(json, cluster);
        Problems problems = Problems.of("c");
        MATRIX.check(cluster.build(), problems);
        assertThat(problems.list()).containsExactly(problem + " by armeria-gateway; see docs/xds-support.md");
    }

    @Test
    void refusesATypeThatIsNotListedAndBytesThatAreNoMessage() {
        Listener listener = Listener.newBuilder()
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder()
                                .setTypedConfig(Any.newBuilder().setTypeUrl("type.googleapis.com/x.Unknown")))
                        .addFilters(Filter.newBuilder()
                                .setTypedConfig(Any.newBuilder()
                                        .setTypeUrl("type.googleapis.com/envoy.extensions.filters.network"
                                                + ".http_connection_manager.v3.HttpConnectionManager")
                                        .setValue(ByteString.copyFromUtf8("\u0007")))))
                .build();
        Problems problems = Problems.of("l");
        MATRIX.check(listener, problems);
        assertThat(problems.list())
                .containsExactly(
                        "l > filter_chains[0] > filters[0] > typed_config > @type: type.googleapis.com/x.Unknown is not"
                                + " supported by armeria-gateway; see docs/xds-support.md",
                        "l > filter_chains[0] > filters[1] > typed_config > value: Protocol message contained an"
                                + " invalid tag (zero).");
    }

    @Test
    void refusesWireFieldsThatNoDescriptorKnowsAtAnyDepth() {
        UnknownFieldSet unknown = UnknownFieldSet.newBuilder()
                .addField(9000, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                .build();
        Cluster cluster = Cluster.newBuilder()
                .setCircuitBreakers(io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.newBuilder()
                        .addThresholds(io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds.newBuilder()
                                .setUnknownFields(unknown)))
                .build();
        Problems problems = Problems.of("c");
        MATRIX.check(cluster, problems);
        assertThat(problems.list())
                .containsExactly("c > circuit_breakers > thresholds[0] > wire field [9000]: not supported by"
                        + " armeria-gateway; see docs/xds-support.md");
    }

    @Test
    void takesADefaultThatIsWrittenOut() throws IOException {
        Cluster.Builder cluster = Cluster.newBuilder();
        JsonFormat.parser().merge("{name: a, use_tcp_for_dns_lookups: false, wait_for_warm_on_init: null}", cluster);
        Problems problems = Problems.of("c");
        MATRIX.check(cluster.build(), problems);
        assertThat(problems.list()).isEmpty();
    }
}
