package io.sluice.gateway.cluster.breaker;

/** The four limits of one cluster and routing priority; per process, as Envoy's are. */
public final class Breakers {
    private final Permits connections;
    private final Permits pending;
    private final Permits requests;
    private final Permits retries;
    private volatile int perHost;

    public Breakers(Thresholds thresholds) {
        connections = new Permits(thresholds.maxConnections());
        pending = new Permits(thresholds.maxPendingRequests());
        requests = new Permits(thresholds.maxRequests());
        retries = new Permits(thresholds.maxRetries());
        perHost = thresholds.maxConnectionsPerHost();
        limitRetries(thresholds);
    }

    private void limitRetries(Thresholds thresholds) {
        Thresholds.RetryBudget budget = thresholds.retryBudget();
        if (budget == null) {
            retries.limit(thresholds.maxRetries());
        } else {
            retries.limit(() ->
                    Math.max(budget.minimum(), (int) (budget.percent() / 100 * (requests.held() + pending.held()))));
        }
    }

    public void update(Thresholds thresholds) {
        connections.limit(thresholds.maxConnections());
        pending.limit(thresholds.maxPendingRequests());
        requests.limit(thresholds.maxRequests());
        perHost = thresholds.maxConnectionsPerHost();
        limitRetries(thresholds);
    }

    /** Of connections to one endpoint. */
    public int connectionsPerHost() {
        return perHost;
    }

    /** Open and connecting connections. */
    public Permits connections() {
        return connections;
    }

    /** Requests that wait for a connection. */
    public Permits pending() {
        return pending;
    }

    /** Requests under way. */
    public Permits requests() {
        return requests;
    }

    /** Tries after the first under way. */
    public Permits retries() {
        return retries;
    }
}
