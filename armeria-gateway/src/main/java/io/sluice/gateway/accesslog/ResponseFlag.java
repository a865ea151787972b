package io.sluice.gateway.accesslog;

/** Why a request ended as it did, in Envoy's short words. */
public enum ResponseFlag {
    NR("no route"),
    NC("no cluster"),
    UH("no healthy upstream"),
    UF("upstream connection failure"),
    UC("upstream connection termination"),
    UR("upstream remote reset"),
    LR("local reset"),
    UO("upstream overflow"),
    URX("upstream retry limit exceeded"),
    UT("upstream request timeout"),
    UPE("upstream protocol error"),
    UMSDR("upstream max stream duration reached"),
    SI("stream idle timeout"),
    DC("downstream connection termination"),
    DT("downstream duration timeout"),
    DPE("downstream protocol error"),
    RL("rate limited"),
    RLSE("rate limit service error"),
    UAEX("unauthorized external service"),
    FI("fault injected"),
    DI("delay injected"),
    LH("local health check failed"),
    OM("overload manager terminated"),
    RFCF("response from cache filter");

    private final String meaning;

    ResponseFlag(String meaning) {
        this.meaning = meaning;
    }

    public String meaning() {
        return meaning;
    }
}
