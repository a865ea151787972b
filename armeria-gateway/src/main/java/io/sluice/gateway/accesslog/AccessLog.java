package io.sluice.gateway.accesslog;

/** Where a finished request is written down. Any thread; never blocks: what cannot be taken at once is dropped and counted. */
@FunctionalInterface
public interface AccessLog {
    void log(StreamInfo info);
}
