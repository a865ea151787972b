package io.sluice.sync.consul;

import io.sluice.sync.file.Nearest;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/**
 * Where Consul is and how it is read: {@code consul://HOST:PORT?stale=true&all=true&connections=128&dc=NAME}.
 *
 * @param stale whether any server may answer, not the leader alone
 * @param all whether every service is watched, not only those to which routes lead
 * @param connections how many connections may be open to Consul at once, which allows 200 per client address by default
 * @param datacenter empty for the agent's own
 */
record ConsulAddress(
        String host,
        int port,
        Optional<Token> token,
        boolean stale,
        boolean all,
        int connections,
        Optional<String> datacenter) {
    private static final int DEFAULT_CONNECTIONS = 128;

    /** Four watches on the whole of Consul, the readers of those without a connection, and one to spare. */
    private static final int LEAST_CONNECTIONS = 10;

    private static final String EXPECTED = "consul://HOST:PORT";

    private static final Set<String> OPTIONS = Set.of("stale", "all", "connections", "dc");

    /** Never printed. */
    record Token(String value) {
        @Override
        public String toString() {
            return "***";
        }
    }

    /**
     * @param token empty for none
     * @throws IllegalArgumentException naming what would have been right
     */
    static ConsulAddress parse(String address, String token) {
        URI uri;
        try {
            uri = new URI(address);
        } catch (URISyntaxException e) {
            throw wrong(address, EXPECTED);
        }
        boolean plain = "consul".equals(uri.getScheme())
                && !uri.isOpaque()
                && uri.getRawUserInfo() == null
                && uri.getRawFragment() == null
                && (uri.getRawPath().isEmpty() || uri.getRawPath().equals("/"));
        if (!plain || uri.getHost() == null || uri.getPort() < 1 || uri.getPort() > 65535) {
            throw wrong(address, EXPECTED);
        }
        ConsulAddress consul = new ConsulAddress(
                uri.getHost(),
                uri.getPort(),
                token.isEmpty() ? Optional.empty() : Optional.of(new Token(token)),
                false,
                false,
                DEFAULT_CONNECTIONS,
                Optional.empty());
        String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
        for (String option : query.split("&")) {
            if (!option.isEmpty()) {
                String[] parts = option.split("=", 2);
                String value = parts.length < 2 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
                consul = consul.with(address, parts[0], value);
            }
        }
        return consul;
    }

    private ConsulAddress with(String address, String option, String value) {
        return switch (option) {
            case "stale" -> new ConsulAddress(host, port, token, flag(address, value), all, connections, datacenter);
            case "all" -> new ConsulAddress(host, port, token, stale, flag(address, value), connections, datacenter);
            case "connections" ->
                new ConsulAddress(host, port, token, stale, all, connections(address, value), datacenter);
            case "dc" -> {
                if (value.isEmpty()) {
                    throw wrong(address, "dc=NAME");
                }
                yield new ConsulAddress(host, port, token, stale, all, connections, Optional.of(value));
            }
            default ->
                throw new IllegalArgumentException("--source " + address + ": unknown option '" + option
                        + "' (expected: " + Nearest.of(option, OPTIONS) + ")");
        };
    }

    private static boolean flag(String address, String value) {
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(address, "true or false, not '" + value + "'");
        };
    }

    private static int connections(String address, String value) {
        if (!value.matches("\\d{1,6}") || Integer.parseInt(value) < LEAST_CONNECTIONS) {
            throw wrong(address, "connections=" + LEAST_CONNECTIONS + " or more");
        }
        return Integer.parseInt(value);
    }

    private static IllegalArgumentException wrong(String address, String expected) {
        return new IllegalArgumentException("--source " + address + ": wrong (expected: " + expected + ")");
    }

    /** As in logs and problems. */
    String name() {
        return "consul://" + host + ":" + port
                + datacenter.map(dc -> "?dc=" + dc).orElse("");
    }
}
