package io.sluice.gateway.wire;

/** Whose connection it is; hears what the guard finds. On the connection's event loop. */
public interface Caller {
    /** In force for the next request. */
    WireLimits limits();

    /** A message was not let in; for counting. */
    void refused(Refusal why);

    /** The connection ends for one of these; for counting. */
    void flooded(Flood what);
}
