package io.sluice.xdsserver.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.sync.model.Catalog;
import io.sluice.xdsserver.stream.Client;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who is connected, what each was sent, what it took and what it refused. */
final class ClientsPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private ClientsPage() {}

    /** @param nodeId only clients that say this of themselves */
    static String render(List<Client> clients, @Nullable String nodeId, Optional<Catalog> catalog) {
        ObjectNode root = JSON.createObjectNode();
        ArrayNode all = root.putArray("clients");
        for (Client client : clients) {
            if (nodeId == null || nodeId.equals(client.nodeId())) {
                ObjectNode node = all.addObject()
                        .put("node", client.nodeId())
                        .put("group", client.group().toString())
                        .put("peer", client.peer())
                        .put("variant", client.variant())
                        .put("since", client.since().toString());
                client.version().ifPresent(version -> node.put("version", version));
                node.put("live", client.live());
                ArrayNode types = node.putArray("types");
                client.types().forEach(type -> add(types.addObject(), type, catalog));
            }
        }
        return root.toPrettyString() + "\n";
    }

    private static void add(ObjectNode node, Client.Subscribed type, Optional<Catalog> catalog) {
        node.put("type", SnapshotsPage.word(type.type()))
                .put("live", type.live())
                .put("wildcard", type.wildcard());
        ArrayNode names = node.putArray("names");
        type.names().forEach(names::add);
        type.sent().ifPresent(sent -> stamp(node.putObject("sent"), sent));
        type.accepted().ifPresent(acked -> stamp(node.putObject("acked"), acked));
        type.rejection().ifPresent(nack -> {
            ArrayNode items = node.putObject("nacked")
                    .put("version", nack.version())
                    .put("reason", nack.reason())
                    .put("since", nack.since().toString())
                    .putArray("items");
            catalog.ifPresent(all -> WrittenItems.meant(all, nack.reason()).forEach(items::add));
        });
    }

    private static void stamp(ObjectNode node, Client.Stamp stamp) {
        node.put("version", stamp.version()).put("since", stamp.since().toString());
    }
}
