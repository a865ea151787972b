package io.sluice.gateway.upstream;

import java.time.Duration;
import java.util.Map;

/** Opens gRPC streams to clusters by name. Any thread. */
public interface GrpcCalls {
    /**
     * @param cluster a cluster that speaks HTTP/2; an unknown one closes the stream with status 14
     * @param path {@code /package.Service/Method}
     * @param timeout of the whole stream; zero means none
     */
    GrpcCall open(
            String cluster, String path, Map<String, String> metadata, Duration timeout, GrpcCall.Listener listener);
}
