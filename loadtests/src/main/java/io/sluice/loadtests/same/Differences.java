package io.sluice.loadtests.same;

import java.util.List;

/** {@code docs/differences.md}: the rows in which the gateway knowingly does something else than Envoy. */
final class Differences {
    private Differences() {}

    static String markdown(List<RowFile> files) {
        StringBuilder out = new StringBuilder("""
                # Differences from Envoy
                Made from the sameness rows that say `deviates`; a test holds it equal to them. Everything else that a row covers is the same.
                Reference: Envoy 1.34's resources, measured against Envoy 1.40.

                What no single row shows:
                - A field that the gateway does not obey, and a field or type that it does not know, makes it refuse the resource with the field's path
                  ([xds-support.md](xds-support.md)). Envoy only warns of unknown fields.
                - An inline route configuration that names a cluster which is not there is taken, and answered by 503 NC on that route; Envoy refuses its
                  listener unless `validate_clusters` is false.
                - A change of a listener holds for the next request of a connection that is open already; Envoy's connections keep what they began with.
                - Formats whose command the gateway does not know are refused, among them some that Envoy knows: the metadata of clusters, endpoints and
                  routes, sizes on the wire, paths and queries cut out.

                | row | what differs and why | source |
                |---|---|---|
                """);
        for (RowFile file : files) {
            for (Row row : file.rows()) {
                row.deviates()
                        .ifPresent(reason -> out.append("| ")
                                .append(file.name().replace(".yaml", ""))
                                .append(": ")
                                .append(row.name())
                                .append(" | ")
                                .append(reason)
                                .append(" | ")
                                .append(row.source())
                                .append(" |\n"));
            }
        }
        return out.toString();
    }
}
