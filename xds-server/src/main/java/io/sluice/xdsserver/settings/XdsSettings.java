package io.sluice.xdsserver.settings;

import java.net.URI;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the process reads at start, from its words, then {@code SLUICE_*} variables, then the settings file; each under one name.
 *
 * @param source where catalogs come from, as {@code CatalogSources} takes it
 * @param ads where streams are served
 * @param rateLimit Envoy's rate limit service, as the data-plane nodes reach it; absent limits nothing on Envoys
 * @param zipkinUrl where the data-plane nodes post their spans; absent traces nothing on Envoys
 * @param accessLog whether the data-plane nodes write a line for each request to their standard output
 * @param catalogCache folder of the last good catalog; absent keeps none
 * @param secretFolders whose files certificates may name, beside those of the YAML files' own folder
 * @param clearTextKeys whether private keys are sent to other hosts, although streams are in clear text
 * @param identifier names this server to its clients, in each response
 * @param maxResponseBytes where a response is split that need not be whole
 */
public record XdsSettings(
        String source,
        HostPort ads,
        HostPort admin,
        Optional<HostPort> rateLimit,
        Optional<URI> zipkinUrl,
        boolean accessLog,
        Optional<Path> catalogCache,
        List<Path> secretFolders,
        boolean clearTextKeys,
        String identifier,
        int maxResponseBytes) {

    /** Every setting's name with what it takes. The chart's values carry the same names. */
    static final SortedMap<String, String> NAMES = Collections.unmodifiableSortedMap(new TreeMap<>(Map.ofEntries(
            Map.entry("source", "file:DIR or consul://HOST:PORT"),
            Map.entry("address", "IP address on which xDS is served, 127.0.0.1 where not given"),
            Map.entry("port", "its port, 0 for any; 18000 where not given"),
            Map.entry("admin-address", "IP address of the admin pages, 127.0.0.1 where not given"),
            Map.entry("admin-port", "their port, 0 for any; 18001 where not given"),
            Map.entry("rate-limit", "HOST:PORT of Envoy's rate limit service, as Envoys reach it"),
            Map.entry("zipkin-url", "URL to which Envoys post spans: http://HOST:9411/api/v2/spans"),
            Map.entry(
                    "access-log",
                    "none or stdout: where the nodes write a line for each request; none where not given"),
            Map.entry(
                    "catalog-cache",
                    "folder of the last good catalog, for a start while the source is away; keeps none where not"
                            + " given"),
            Map.entry(
                    "secret-folders",
                    "folders, divided by commas, whose files certificates may name; with file:DIR those in DIR are"
                            + " allowed too"),
            Map.entry(
                    "clear-text-keys",
                    "true or false: whether private keys are sent to other hosts although streams are in clear text;"
                            + " false where not given"),
            Map.entry("identifier", "name of this server in its responses, the host's name where not given"),
            Map.entry("max-response-size", "where a response is split that need not be whole; 2MiB where not given"))));

    /** Streams on the loopback are heard by nobody else. */
    public boolean sendsKeys() {
        return clearTextKeys || ads.resolved().getAddress().isLoopbackAddress();
    }
}
