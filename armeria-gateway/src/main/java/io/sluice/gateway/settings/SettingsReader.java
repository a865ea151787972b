package io.sluice.gateway.settings;

import io.sluice.gateway.settings.GatewaySettings.HostPort;
import io.sluice.gateway.settings.GatewaySettings.Mode;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Reads the settings from words, environment and file. */
public final class SettingsReader {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

    private static final String PREFIX = "SLUICE_";

    /** The launcher's own. */
    private static final Set<String> NOT_SETTINGS =
            Set.of("SLUICE_SETTINGS", "SLUICE_JAVA_OPTS", "SLUICE_CONSUL", "SLUICE_ENVOY", "SLUICE_ZIPKIN");

    private static final int MISSPELT = 2;

    private SettingsReader() {}

    /** One line per setting, for {@code --help}. */
    public static String help() {
        StringBuilder out =
                new StringBuilder("settings, as --NAME VALUE, SLUICE_NAME, or 'name: value' in --settings FILE:\n");
        out.append("  -c FILE: an Envoy bootstrap, in place of xds\n");
        GatewaySettings.NAMES.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(name -> out.append("  ")
                        .append(name.getKey())
                        .append(": ")
                        .append(name.getValue())
                        .append('\n'));
        return out.toString();
    }

    /** @throws SettingsException naming what was wrong, where, and what would have been right */
    public static GatewaySettings read(List<String> words, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        Optional<Path> bootstrap = Optional.empty();
        Optional<Path> file =
                Optional.ofNullable(environment.get("SLUICE_SETTINGS")).map(Path::of);
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            String value;
            if (equals >= 0) {
                value = word.substring(equals + 1);
            } else if (i + 1 < words.size()) {
                value = words.get(++i);
            } else {
                throw new SettingsException(word + ": no value (expected: " + word + " VALUE)");
            }
            if (name.equals("-c") || name.equals("--config-path")) {
                bootstrap = Optional.of(Path.of(value));
            } else if (name.equals("--settings")) {
                file = Optional.of(Path.of(value));
            } else if (name.startsWith("--") && GatewaySettings.NAMES.containsKey(name.substring(2))) {
                given.put(name.substring(2), value);
            } else {
                throw new SettingsException(
                        name + ": unknown word (nearest: --" + nearest(name.replaceFirst("^-+", "")) + ")");
            }
        }
        Map<String, String> all = new HashMap<>();
        file.ifPresent(path -> all.putAll(fromFile(path)));
        all.putAll(fromEnvironment(environment));
        all.putAll(given);
        return build(bootstrap, all);
    }

    /** A variable that is nearly a setting's is a mistake; others that begin alike may be somebody else's. */
    private static Map<String, String> fromEnvironment(Map<String, String> environment) {
        Map<String, String> values = new HashMap<>();
        environment.forEach((variable, value) -> {
            if (!variable.startsWith(PREFIX) || NOT_SETTINGS.contains(variable)) {
                return;
            }
            String name = variable.substring(PREFIX.length()).replace('_', '-').toLowerCase(Locale.ROOT);
            if (GatewaySettings.NAMES.containsKey(name)) {
                values.put(name, value);
            } else if (Nearest.distance(name, nearest(name)) <= MISSPELT) {
                throw new SettingsException(variable + ": unknown variable (nearest: " + PREFIX
                        + nearest(name).replace('-', '_').toUpperCase(Locale.ROOT) + ")");
            }
        });
        return values;
    }

    private static Map<String, String> fromFile(Path path) {
        Node root;
        try (Reader reader = Files.newBufferedReader(path)) {
            root = new Yaml(new LoaderOptions()).compose(reader);
        } catch (MarkedYAMLException e) {
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw new SettingsException(path + ":" + line + ": not YAML: " + e.getProblem());
        } catch (NoSuchFileException e) {
            throw new SettingsException(path + ": not there (expected: a settings file)");
        } catch (IOException | YAMLException e) {
            throw new SettingsException(path + ": not readable: " + e.getMessage());
        }
        Map<String, String> values = new HashMap<>();
        if (root == null || root.getTag().equals(Tag.NULL)) {
            return values;
        }
        if (!(root instanceof MappingNode mapping)) {
            throw new SettingsException(path + ":1: no mapping (expected: 'name: value' lines)");
        }
        for (NodeTuple tuple : mapping.getValue()) {
            String at = path + ":" + (tuple.getKeyNode().getStartMark().getLine() + 1) + ": ";
            String name = tuple.getKeyNode() instanceof ScalarNode key ? key.getValue() : "?";
            if (!GatewaySettings.NAMES.containsKey(name)) {
                throw new SettingsException(at + name + ": unknown setting (nearest: " + nearest(name) + ")");
            }
            Node value = tuple.getValueNode();
            if (!value.getTag().equals(Tag.NULL) && values.put(name, text(value, at + name)) != null) {
                throw new SettingsException(at + name + ": twice (expected: once)");
            }
        }
        return values;
    }

    /** A list is as good as its items with commas between. */
    private static String text(Node value, String at) {
        return switch (value) {
            case ScalarNode scalar -> scalar.getValue();
            case SequenceNode list ->
                list.getValue().stream().map(item -> text(item, at)).collect(Collectors.joining(","));
            default -> throw new SettingsException(at + ": a mapping (expected: a value)");
        };
    }

    private static GatewaySettings build(Optional<Path> bootstrap, Map<String, String> values) {
        Mode mode = mode(values.getOrDefault("mode", "serve"));
        boolean limiterOnly = choice(values, "role", "gateway", "ratelimit");
        Optional<HostPort> xds = Optional.ofNullable(values.get("xds")).map(value -> hostPort("xds", value));
        if (bootstrap.isEmpty() && xds.isEmpty() && !limiterOnly) {
            throw new SettingsException(
                    "no configuration (expected: -c BOOTSTRAP.yaml, or --xds HOST:PORT --node-id ID)");
        }
        if (bootstrap.isEmpty() && values.get("node-id") == null && !limiterOnly) {
            throw new SettingsException("node-id: not given (expected: --node-id ID beside --xds)");
        }
        if (bootstrap.isPresent() && xds.isPresent()) {
            throw new SettingsException("xds: given beside -c (expected: one of them; a bootstrap says itself where its"
                    + " xDS server is)");
        }
        if (bootstrap.isPresent() && limiterOnly) {
            throw new SettingsException(
                    "role: ratelimit beside -c (expected: no bootstrap; this role has no listeners)");
        }
        if (mode != Mode.SERVE && bootstrap.isEmpty()) {
            throw new SettingsException(
                    "mode: " + values.get("mode") + " without a bootstrap (expected: -c BOOTSTRAP.yaml)");
        }
        if (values.get("rls-port") != null && values.get("limiter-port") == null) {
            throw new SettingsException("rls-port: this node is no limiter member (expected: limiter-port beside it)");
        }
        if (limiterOnly && values.get("limiter-port") == null) {
            throw new SettingsException("limiter-port: not given (expected: a port beside role ratelimit)");
        }
        return new GatewaySettings(
                bootstrap,
                mode,
                limiterOnly,
                xds,
                choice(values, "xds-protocol", "delta", "sotw"),
                values.getOrDefault("node-id", ""),
                values.getOrDefault("region", ""),
                admin(values, bootstrap.isPresent()),
                Optional.ofNullable(values.get("config-cache")).map(Path::of),
                Optional.ofNullable(values.get("zipkin-url")).map(value -> url("zipkin-url", value)),
                port(values, "limiter-port"),
                values.getOrDefault("limiter-address", "127.0.0.1"),
                Stream.of(values.getOrDefault("limiter-members", "").split(","))
                        .map(String::strip)
                        .filter(member -> !member.isEmpty())
                        .map(member -> hostPort("limiter-members", member).toString())
                        .toList(),
                duration("limiter-deadline", values.getOrDefault("limiter-deadline", "5ms")),
                port(values, "rls-port"),
                values.getOrDefault("rls-address", "127.0.0.1"),
                Optional.ofNullable(values.get("limits")).map(Path::of),
                duration("drain-time", values.getOrDefault("drain-time", "30s")),
                duration("headers-timeout", values.getOrDefault("headers-timeout", "10s")),
                count("max-connections", values.getOrDefault("max-connections", "10000")),
                Stream.of(values.getOrDefault("secret-folders", "").split(","))
                        .map(String::strip)
                        .filter(folder -> !folder.isEmpty())
                        .map(Path::of)
                        .toList(),
                choice(values, "require-upstream-verification", "false", "true"));
    }

    private static Mode mode(String value) {
        return switch (value) {
            case "serve" -> Mode.SERVE;
            case "validate" -> Mode.VALIDATE;
            case "explain" -> Mode.EXPLAIN;
            default -> throw new SettingsException("mode: '" + value + "' (expected: serve, validate or explain)");
        };
    }

    private static int count(String name, String value) {
        if (!value.matches("[1-9][0-9]{0,8}")) {
            throw new SettingsException(name + ": '" + value + "' (expected: a number from 1 to 999999999)");
        }
        return Integer.parseInt(value);
    }

    private static Optional<HostPort> admin(Map<String, String> values, boolean bootstrap) {
        Optional<Integer> port = port(values, "admin-port");
        Optional<String> address = Optional.ofNullable(values.get("admin-address"));
        HostPort byDefault = GatewaySettings.DEFAULT_ADMIN;
        return bootstrap && port.isEmpty() && address.isEmpty()
                ? Optional.empty()
                : Optional.of(new HostPort(address.orElse(byDefault.host()), port.orElse(byDefault.port())));
    }

    /** @return whether it is the second word; the first is the default */
    private static boolean choice(Map<String, String> values, String name, String first, String second) {
        String value = values.getOrDefault(name, first);
        if (!value.equals(first) && !value.equals(second)) {
            throw new SettingsException(name + ": '" + value + "' (expected: " + first + " or " + second + ")");
        }
        return value.equals(second);
    }

    private static HostPort hostPort(String name, String value) {
        int colon = value.lastIndexOf(':');
        if (colon <= 0) {
            throw new SettingsException(name + ": '" + value + "' (expected: HOST:PORT)");
        }
        String host = value.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        return new HostPort(
                bracketed ? host.substring(1, host.length() - 1) : host, number(name, value.substring(colon + 1)));
    }

    private static Optional<Integer> port(Map<String, String> values, String name) {
        return Optional.ofNullable(values.get(name)).map(value -> number(name, value));
    }

    private static int number(String name, String value) {
        if (!value.matches("\\d{1,5}") || Integer.parseInt(value) > 65535) {
            throw new SettingsException(name + ": '" + value + "' (expected: a port, 0..65535)");
        }
        return Integer.parseInt(value);
    }

    private static URI url(String name, String value) {
        try {
            URI url = URI.create(value);
            if (url.getHost() != null
                    && url.getScheme() != null
                    && url.getScheme().startsWith("http")) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new SettingsException(name + ": '" + value + "' (expected: http://HOST:PORT/PATH)");
    }

    private static Duration duration(String name, String value) {
        Matcher matcher = DURATION.matcher(value);
        if (!matcher.matches()) {
            throw new SettingsException(name + ": '" + value + "' (expected: a number with ms, s, m or h: 30s)");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
    }

    private static String nearest(String word) {
        return Nearest.of(word, GatewaySettings.NAMES.keySet().stream().sorted())
                .orElse("");
    }
}
