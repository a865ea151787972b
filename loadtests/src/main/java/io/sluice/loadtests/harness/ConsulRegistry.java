package io.sluice.loadtests.harness;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.client.BlockingWebClient;
import com.linecorp.armeria.client.WebClient;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpStatus;

/** In a real Consul agent, through its HTTP API. */
public final class ConsulRegistry implements Registry {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String source;
    private final BlockingWebClient agent;

    public ConsulRegistry(int port) {
        this(port, "consul://127.0.0.1:" + port);
    }

    /** @param source where the control plane reads, such as a proxy before the agent on {@code port} */
    public ConsulRegistry(int port, String source) {
        this.source = source;
        agent = WebClient.of("http://127.0.0.1:" + port).blocking();
    }

    @Override
    public String source() {
        return source;
    }

    @Override
    public long register(Registration registration) {
        ObjectNode body = JSON.createObjectNode()
                .put("Name", registration.service())
                .put("ID", registration.id())
                .put("Address", "127.0.0.1")
                .put("Port", registration.port());
        body.putObject("Weights").put("Passing", registration.weight()).put("Warning", 1);
        ObjectNode meta = body.putObject("Meta").put("region", registration.region());
        registration.meta().forEach(meta::put);
        if (registration.checked()) {
            body.putObject("Check")
                    .put("HTTP", "http://127.0.0.1:" + registration.port() + "/health")
                    .put("Interval", "1s")
                    .put("Timeout", "1s")
                    .put("Status", "passing");
        }
        expectOk(agent.put("/v1/agent/service/register", body.toString()));
        return System.nanoTime();
    }

    /** Puts a registration as it is: right or wrong is for Consul to say, and for whoever reads it. */
    public void register(String json) {
        expectOk(agent.put("/v1/agent/service/register", json));
    }

    /** Changes the state of a check, as whoever runs it would. @param status {@code pass}, {@code warn} or {@code fail} */
    public void check(String id, String status) {
        expectOk(agent.put("/v1/agent/check/" + status + "/" + id, ""));
    }

    @Override
    public void deregister(Registration registration) {
        expectOk(agent.put("/v1/agent/service/deregister/" + registration.id(), ""));
    }

    @Override
    public void write(String name, String document) {
        expectOk(agent.put("/v1/kv/sluice/" + name, document));
    }

    @Override
    public void remove(String name) {
        expectOk(agent.delete("/v1/kv/sluice/" + name));
    }

    private static void expectOk(AggregatedHttpResponse response) {
        if (!response.status().equals(HttpStatus.OK)) {
            throw new IllegalStateException("Consul: " + response.status() + " " + response.contentUtf8());
        }
    }
}
