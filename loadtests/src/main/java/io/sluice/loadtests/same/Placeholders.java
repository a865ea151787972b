package io.sluice.loadtests.same;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Values of a row that differ from run to run, such as ports: filled into what we send, and named again in what we saw. */
record Placeholders(Map<String, String> values, String key) {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]+)}");
    private static final Pattern MANY = Pattern.compile("(\\d+) x (.+)", Pattern.DOTALL);
    private static final String CLUSTER = "cluster.";
    private static final Pattern ADDRESS = Pattern.compile("(127\\.0\\.0\\.1:|-port: )(\\d+)");

    Placeholders {
        values = Map.copyOf(values);
    }

    String fill(String text) {
        return PLACEHOLDER.matcher(text).replaceAll(found -> Matcher.quoteReplacement(value(found.group(1))));
    }

    /** The same text for every run: known ports by name, other ports of this machine as {@code *}, clusters as the row calls them. */
    String mask(String text) {
        return ADDRESS.matcher(text.replace(key + "-", ""))
                .replaceAll(found -> Matcher.quoteReplacement(found.group(1) + portName(found.group(2))));
    }

    /** For texts that hold no other placeholder. */
    static String repeat(String text) {
        return new Placeholders(Map.of(), "").fill(text);
    }

    private String value(String name) {
        Matcher many = MANY.matcher(name);
        if (many.matches()) {
            return many.group(2).repeat(Integer.parseInt(many.group(1)));
        }
        if (name.startsWith(CLUSTER)) {
            return key + "-" + name.substring(CLUSTER.length());
        }
        if (name.startsWith(Identities.PREFIX)) {
            return Identities.value(name);
        }
        String value = values.get(name);
        if (value == null) {
            throw new RowException("${" + name + "}", "unknown (expected: one of " + values.keySet() + ")");
        }
        return value;
    }

    private String portName(String port) {
        return values.entrySet().stream()
                .filter(entry -> entry.getValue().equals(port))
                .map(entry -> "${" + entry.getKey() + "}")
                .findFirst()
                .orElse("*");
    }
}
