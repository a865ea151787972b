package io.sluice.xdsserver.translate;

import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.settings.XdsSettings;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Optional;

/**
 * What all data-plane nodes are told that stands in no catalog.
 *
 * @param rateLimit Envoy's rate limit service, unresolved, as the nodes reach it
 * @param zipkin where Envoys post their spans: {@code http://HOST:PORT/PATH}; gateways know it by their own settings
 * @param accessLog whether they write a line for each request, in Envoy's default format, to their standard output
 * @param keys whether they are sent private keys, which whoever hears their streams could read too
 */
public record NodeSettings(
        Optional<InetSocketAddress> rateLimit, Optional<URI> zipkin, boolean accessLog, boolean keys) {
    public static final NodeSettings DEFAULT = new NodeSettings(Optional.empty(), Optional.empty(), false, true);

    /** @throws SettingsException where spans would have to be posted over TLS */
    public static NodeSettings of(XdsSettings settings) {
        try {
            return new NodeSettings(
                    settings.rateLimit()
                            .map(service -> InetSocketAddress.createUnresolved(service.host(), service.port())),
                    settings.zipkinUrl(),
                    settings.accessLog(),
                    settings.sendsKeys());
        } catch (IllegalArgumentException e) {
            throw new SettingsException(String.valueOf(e.getMessage()));
        }
    }

    /** @throws IllegalArgumentException where spans would have to be posted over TLS */
    public NodeSettings {
        zipkin.ifPresent(url -> {
            if (!"http".equals(url.getScheme()) || url.getHost() == null) {
                throw new IllegalArgumentException("zipkin-url: '" + url + "' (expected: http://HOST:PORT/PATH)");
            }
        });
    }
}
