package io.sluice.sync.file;

import io.sluice.sync.model.ListenerRule;
import io.sluice.sync.model.ListenerRule.NodeKind;
import java.util.Map;
import java.util.Optional;

/** {@code {name: edge, port: 8080}}. */
final class ListenerParser {
    private static final Map<String, NodeKind> NODES =
            Map.of("any", NodeKind.ANY, "gateway", NodeKind.GATEWAY, "envoy", NodeKind.ENVOY);

    private ListenerParser() {}

    static ListenerRule parse(YamlValue value) {
        YamlMapping listener = value.mapping();
        Optional<String> name = listener.need("name", RouteParser::name);
        Optional<Integer> port = listener.need("port", given -> given.integer(0, 65535));
        Optional<String> address = listener.read("address", ListenerParser::address);
        Optional<String> region = listener.read("region", RouteParser::name);
        Optional<NodeKind> nodes = listener.read("nodes", given -> given.word(NODES));
        Optional<ListenerRule.Tls> tls = listener.read("tls", TlsParser::listener);
        listener.notYet("protocol", "filters");
        listener.finish();
        return new ListenerRule(
                name.orElseThrow(),
                address.orElse(ListenerRule.DEFAULT.address()),
                port.orElseThrow(),
                region,
                nodes.orElse(NodeKind.ANY),
                tls);
    }

    private static String address(YamlValue value) {
        String address = value.text();
        if (!Addresses.isIp(address)) {
            throw value.refused("address '" + address + "'", Addresses.EXPECTED);
        }
        return address;
    }
}
