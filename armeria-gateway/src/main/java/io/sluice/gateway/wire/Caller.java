package io.sluice.gateway.wire;

/** Whose connection it is; hears what the guard finds. On the connection's event loop. */
public interface Caller {
    /** In force for the next request. */
    WireLimits limits();

    /** Whether connections may begin with HTTP/1, and whether with HTTP/2. */
    boolean takesHttp1();

    boolean takesHttp2();

    /** Whether a target may name its host, {@code http://host/path}. */
    boolean takesAbsoluteTargets();

    /** A message was not let in; for counting. */
    void refused(Refusal why);

    /** The connection ends for one of these; for counting. */
    void flooded(Flood what);
}
