package io.sluice.xdsserver.translate;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;

/**
 * What all data-plane nodes use and no catalog names.
 *
 * @param rateLimit Envoy's rate limit service, unresolved, as the nodes reach it
 * @param zipkin where Envoys post their spans: {@code http://HOST:PORT/PATH}; gateways know it by their own settings
 */
public record SharedServices(Optional<InetSocketAddress> rateLimit, Optional<URI> zipkin) {
    public static final SharedServices NONE = new SharedServices(Optional.empty(), Optional.empty());

    /** @throws IllegalArgumentException where spans would have to be posted over TLS */
    public SharedServices {
        zipkin.ifPresent(url -> {
            if (!"http".equals(url.getScheme()) || url.getHost() == null) {
                throw new IllegalArgumentException("zipkin: '" + url + "' (expected: http://HOST:PORT/PATH)");
            }
        });
    }
}
