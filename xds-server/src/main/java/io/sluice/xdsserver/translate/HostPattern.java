package io.sluice.xdsserver.translate;

import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of a rule's hosts. Envoy looks at the hosts before the rules: it takes the virtual host whose domain fits best (exact, then the longest
 * {@code *.x}, then the longest {@code x.*}, then {@code *}) and never comes back. So each virtual host has to hold every rule that a request
 * there could meet, and a rule whose hosts cover a domain in part stands there under a further condition.
 *
 * @param text without the {@code *} and the port
 * @param port as {@code :8080}; empty for any. Envoy is told to ignore ports when it looks for the domain
 */
record HostPattern(Kind kind, String text, String port) {
    private static final Pattern HOST_PORT = Pattern.compile("(\\[[^\\]]*\\]|[^:]*)(:\\d+)");

    enum Kind {
        EXACT,
        /** {@code *.example.com} */
        SUFFIX,
        /** {@code www.*} */
        PREFIX,
        ANY
    }

    static HostPattern parse(String host) {
        Matcher withPort = HOST_PORT.matcher(host);
        String port = withPort.matches() ? withPort.group(2) : "";
        String text = host.substring(0, host.length() - port.length());
        if (text.equals("*")) {
            return new HostPattern(Kind.ANY, "", port);
        }
        if (text.startsWith("*")) {
            return new HostPattern(Kind.SUFFIX, text.substring(1), port);
        }
        return text.endsWith("*")
                ? new HostPattern(Kind.PREFIX, text.substring(0, text.length() - 1), port)
                : new HostPattern(Kind.EXACT, text, port);
    }

    /** As Envoy writes it, in a virtual host's domains. */
    String domain() {
        return switch (kind) {
            case EXACT -> text;
            case SUFFIX -> "*" + text;
            case PREFIX -> text + "*";
            case ANY -> "*";
        };
    }

    /**
     * How requests in the virtual host of a domain meet this pattern: under these conditions, none where all of them do; empty where none does.
     */
    Optional<List<HeaderMatcher>> within(HostPattern domain) {
        List<HeaderMatcher> conditions = new ArrayList<>();
        boolean meets = switch (kind) {
            case ANY -> true;
            case EXACT -> domain.kind == Kind.EXACT && domain.text.equals(text);
            case SUFFIX ->
                switch (domain.kind) {
                    case EXACT -> domain.text.endsWith(text) && domain.text.length() > text.length();
                    case SUFFIX -> domain.text.endsWith(text);
                    case PREFIX, ANY -> false;
                };
            case PREFIX ->
                switch (domain.kind) {
                    case EXACT -> domain.text.startsWith(text) && domain.text.length() > text.length();
                    case PREFIX -> domain.text.startsWith(text);
                    case SUFFIX -> {
                        conditions.add(authority(StringMatcher.newBuilder().setPrefix(text)));
                        yield true;
                    }
                    case ANY -> false;
                };
        };
        if (!port.isEmpty()) {
            conditions.add(authority(StringMatcher.newBuilder().setSuffix(port)));
        }
        return meets ? Optional.of(conditions) : Optional.empty();
    }

    private static HeaderMatcher authority(StringMatcher.Builder value) {
        return HeaderMatcher.newBuilder()
                .setName(":authority")
                .setStringMatch(value.setIgnoreCase(true))
                .build();
    }
}
