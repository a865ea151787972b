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
