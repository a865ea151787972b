package io.sluice.gateway.wire;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request as bytes, and whether it may reach an upstream: see {@code wire/http1.txt}.
 *
 * @param verdict a status, or {@code pass}
 * @param bytes in Latin-1
 * @param followed whether a second request stands behind it
 */
record WireRow(String verdict, String name, String bytes, boolean followed) {
    static final String NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

    private static final Pattern ESCAPE = Pattern.compile("\\\\(x[0-9a-f]{2}|[rnt0\\\\])");

    static List<WireRow> all() {
        try (var in = WireRow.class.getResourceAsStream("/wire/http1.txt")) {
            if (in == null) {
                throw new IllegalStateException("no /wire/http1.txt");
            }
            List<WireRow> rows = new ArrayList<>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    rows.add(parse(line));
                }
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static WireRow parse(String line) {
        String[] columns = line.split(" \\| ", 3);
        boolean followed = columns[2].endsWith("~");
        String escaped = followed ? columns[2].substring(0, columns[2].length() - 1) : columns[2];
        String bytes = ESCAPE.matcher(escaped)
                .replaceAll(found -> Matcher.quoteReplacement(
                        switch (found.group().charAt(1)) {
                            case 'r' -> "\r";
                            case 'n' -> "\n";
                            case 't' -> "\t";
                            case '0' -> "\0";
                            case 'x' -> String.valueOf((char) Integer.parseInt(found.group(), 2, 4, 16));
                            default -> "\\";
                        }));
        return new WireRow(columns[0], columns[1], bytes, followed);
    }

    boolean passes() {
        return verdict.equals("pass");
    }

    /** With what follows. */
    String sent() {
        return followed ? bytes + NEXT : bytes;
    }

    @Override
    public String toString() {
        return verdict + " " + name;
    }
}
