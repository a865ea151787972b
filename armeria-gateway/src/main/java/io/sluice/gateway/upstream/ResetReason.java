package io.sluice.gateway.upstream;

/** Why an attempt ended without a whole response, in Envoy's words. */
public enum ResetReason {
    LOCAL_CONNECTION_FAILURE("local connection failure"),
    REMOTE_CONNECTION_FAILURE("remote connection failure"),
    CONNECTION_TIMEOUT("connection timeout"),
    CONNECTION_TERMINATION("connection termination"),
    LOCAL_RESET("local reset"),
    REMOTE_RESET("remote reset"),
    REMOTE_REFUSED_STREAM_RESET("remote refused stream reset"),
    OVERFLOW("overflow"),
    PROTOCOL_ERROR("protocol error");

    private final String text;

    ResetReason(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }
}
