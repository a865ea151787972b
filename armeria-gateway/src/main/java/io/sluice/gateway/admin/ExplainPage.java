package io.sluice.gateway.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.gateway.cluster.LiveEndpoint;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.listener.Explanation;
import io.sluice.gateway.listener.Question;
import io.sluice.gateway.listener.RequestExplainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What would become of a request, as JSON. Costs what its virtual host has routes. Any thread. */
public final class ExplainPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RequestExplainer explainer;

    public ExplainPage(RequestExplainer explainer) {
        this.explainer = explainer;
    }

    /**
     * Answers {@code {"method": "GET", "url": "http://a/b", "headers": ["x: y"], "from": "10.0.0.1", "listener": "edge"}}, of which only the URL
     * must be there, in one line: the page's, or an {@code error}.
     */
    public String line(String question) {
        try {
            JsonNode asked = JSON.readTree(question);
            List<String> headers = new ArrayList<>();
            asked.path("headers").forEach(header -> headers.add(header.asText()));
            return explain(Question.of(
                            asked.path("method").asText("GET"),
                            asked.path("url").asText(""),
                            headers,
                            asked.path("from").asText(null),
                            Optional.ofNullable(asked.path("listener").asText(null))))
                    .toString();
        } catch (JsonProcessingException e) {
            return error("question: no JSON (expected: {\"url\": ...})");
        } catch (IllegalArgumentException e) {
            return error(String.valueOf(e.getMessage()));
        }
    }

    private static String error(String text) {
        return JsonNodeFactory.instance.objectNode().put("error", text).toString();
    }

    /** @throws IllegalArgumentException where the question names a listener that is not there */
    ObjectNode explain(Question question) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ArrayNode all = root.putArray("listeners");
        explainer.explain(question).forEach(one -> add(all.addObject(), one));
        return root;
    }

    private static void add(ObjectNode node, Explanation explanation) {
        node.put("listener", explanation.listener()).put("address", explanation.address());
        if (!explanation.chain().isEmpty()) {
            node.put("filter_chain", explanation.chain());
        }
        node.putObject("request")
                .put("method", explanation.method())
                .put("authority", explanation.authority())
                .put("path", explanation.path());
        explanation
                .answer()
                .ifPresent(answer ->
                        node.putObject("answer").put("status", answer.status()).put("why", answer.why()));
        explanation
                .host()
                .ifPresent(host ->
                        node.putObject("virtual_host").put("name", host.name()).put("domain", host.domain()));
        if (!explanation.domains().isEmpty()) {
            explanation.domains().forEach(node.putArray("domains")::add);
        }
        routes(node, explanation.routes());
        ArrayNode filters = node.putArray("filters");
        for (Explanation.Filter filter : explanation.filters()) {
            ObjectNode one = filters.addObject()
                    .put("name", filter.name())
                    .put("on", filter.on())
                    .put("own_config", filter.ownConfig());
            filter.inputs().forEach(one.putArray("inputs")::add);
        }
        ArrayNode clusters = node.putArray("clusters");
        for (Explanation.Target target : explanation.clusters()) {
            ObjectNode one = clusters.addObject()
                    .put("name", target.name())
                    .put("weight", target.weight())
                    .put("known", target.known());
            ArrayNode endpoints = one.putArray("endpoints");
            target.endpoints().forEach(endpoint -> endpoint(endpoints.addObject(), endpoint));
        }
    }

    private static void routes(ObjectNode node, List<Explanation.Tried> tried) {
        ArrayNode skipped = node.putArray("skipped");
        ArrayNode later = node.putArray("later");
        boolean found = false;
        for (int i = 0; i < tried.size(); i++) {
            Explanation.Tried one = tried.get(i);
            boolean taken = !found && one.unmet().isEmpty();
            ObjectNode shown = (taken ? node.putObject("route") : (found ? later : skipped).addObject())
                    .put("name", one.route().name())
                    .put("index", i);
            if (taken) {
                found = true;
                shown.put("match", one.match()).put("action", action(one.route().action()));
            } else if (!one.unmet().isEmpty()) {
                shown.put("unmet", one.unmet());
            }
        }
    }

    private static String action(RouteAction action) {
        return switch (action) {
            case RouteAction.Forward forward -> "forward";
            case RouteAction.Redirect redirect -> "redirect";
            case RouteAction.Direct direct -> "direct_response";
        };
    }

    private static void endpoint(ObjectNode node, LiveEndpoint endpoint) {
        node.put("address", endpoint.key())
                .put("health_flags", AdminPages.flags(endpoint))
                .put("weight", endpoint.endpoint().weight())
                .put("priority", endpoint.endpoint().priority())
                .put("region", endpoint.endpoint().locality().region())
                .put("zone", endpoint.endpoint().locality().zone());
    }
}
