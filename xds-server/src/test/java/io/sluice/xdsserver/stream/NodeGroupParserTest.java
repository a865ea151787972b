package io.sluice.xdsserver.stream;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.core.v3.Node;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeGroupParserTest {
    @ParameterizedTest(name = "{0} is {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
        {}                                                                                              | envoy/-
        {"userAgentName": "envoy", "locality": {"region": "eu"}}                                        | envoy/eu
        {"userAgentName": "gRPC Java", "locality": {"region": "eu", "zone": "a"}}                       | envoy/eu
        {"userAgentName": "sluice-gateway", "locality": {"region": "us"}}                               | gateway/us
        {"userAgentName": "sluice-gateway"}                                                             | gateway/-
        {"metadata": {"region": "eu"}}                                                                  | envoy/eu
        {"metadata": {"region": 7}}                                                                     | envoy/-
        {"locality": {"region": "us"}, "metadata": {"region": "eu"}}                                    | envoy/us
        {"id": "sluice-gateway"}                                                                        | envoy/-
        """)
    void groupIsWhatTheNodeSays(String json, String group) throws InvalidProtocolBufferException {
        Node.Builder node = Node.newBuilder();
        JsonFormat.parser().merge(json, node);
        assertThat(NodeGroupParser.parse(node.build())).hasToString(group);
    }
}
