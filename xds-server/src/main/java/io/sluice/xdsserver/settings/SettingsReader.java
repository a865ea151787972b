package io.sluice.xdsserver.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Reads the settings from words, environment and file. */
public final class SettingsReader {
    private static final Pattern HOST_PORT = Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([^\\s:/\\[\\]]+)):(\\d{1,5})");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(B|KiB|MiB)");
    private static final int LEAST_RESPONSE_BYTES = 1 << 10;
    private static final int MOST_RESPONSE_BYTES = 64 << 20;

    private SettingsReader() {}

    /** One line per setting, for {@code --help}. */
    public static String help() {
        StringBuilder out =
                new StringBuilder("settings, as --NAME VALUE, SLUICE_NAME, or 'name: value' in --settings FILE:\n");
        XdsSettings.NAMES.forEach((name, takes) ->
                out.append("  ").append(name).append(": ").append(takes).append('\n'));
        return out.toString();
    }

    /** @throws SettingsException naming what was wrong, where, and what would have been right */
    public static XdsSettings read(List<String> words, Map<String, String> environment) {
        Map<String, String> given = new HashMap<>();
        String file = environment.get("SLUICE_SETTINGS");
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            boolean settings = name.equals("--settings");
            if (!settings && !(name.startsWith("--") && XdsSettings.NAMES.containsKey(name.substring(2)))) {
                throw new SettingsException(
                        name + ": unknown word (nearest: --" + nearest(name.replaceFirst("^-+", "")) + ")");
            }
            String value;
            if (equals >= 0) {
                value = word.substring(equals + 1);
            } else if (i + 1 < words.size()) {
                value = words.get(++i);
            } else {
                throw new SettingsException(word + ": no value (expected: " + word + " VALUE)");
            }
            if (settings) {
                file = value;
            } else if (given.put(name.substring(2), value) != null) {
                throw new SettingsException(name + ": given twice (expected: once)");
            }
        }
        Map<String, String> all = new HashMap<>();
        if (file != null) {
            all.putAll(fromFile(Path.of(file)));
        }
        for (String name : XdsSettings.NAMES.keySet()) {
            String value = environment.get("SLUICE_" + name.replace('-', '_').toUpperCase(Locale.ROOT));
            if (value != null) {
                all.put(name, value);
            }
        }
        all.putAll(given);
        return build(all);
    }

    private static Map<String, String> fromFile(Path path) {
        Map<String, String> values = new HashMap<>();
        try {
            YAMLFactory yaml = YAMLFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build();
            JsonNode root = new ObjectMapper(yaml).readTree(Files.readString(path));
            if (root.isMissingNode() || root.isNull()) {
                return values;
            }
            if (!root.isObject()) {
                throw new SettingsException(path + ": no mapping (expected: 'name: value' lines)");
            }
            for (Map.Entry<String, JsonNode> entry : root.properties()) {
                String name = entry.getKey();
                if (!XdsSettings.NAMES.containsKey(name)) {
                    throw new SettingsException(
                            path + ": " + name + ": unknown setting (nearest: " + nearest(name) + ")");
                }
                if (entry.getValue().isContainerNode()) {
                    throw new SettingsException(path + ": " + name + ": not a single value (expected: "
                            + XdsSettings.NAMES.get(name) + ")");
                }
                String value = entry.getValue().asText("");
                if (!value.isEmpty()) {
                    values.put(name, value);
                }
            }
            return values;
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof MarkedYAMLException wrong && wrong.getProblemMark() != null) {
                throw new SettingsException(
                        path + ":" + (wrong.getProblemMark().getLine() + 1) + ": not YAML: " + wrong.getProblem());
            }
            String line = e.getLocation() == null ? "" : ":" + e.getLocation().getLineNr();
            throw new SettingsException(path + line + ": not YAML: "
                    + e.getOriginalMessage().lines().findFirst().orElse(""));
        } catch (NoSuchFileException e) {
            throw new SettingsException(path + ": not there (expected: a file of 'name: value' lines)");
        } catch (IOException e) {
            throw new SettingsException(path + ": not readable: " + e.getMessage());
        }
    }

    private static XdsSettings build(Map<String, String> values) {
        String source = values.getOrDefault("source", "");
        if (source.isEmpty()) {
            throw new SettingsException(
                    "source: not given (expected: --source " + XdsSettings.NAMES.get("source") + ")");
        }
        return new XdsSettings(
                source,
                listen(values, "address", "port", 18000),
                listen(values, "admin-address", "admin-port", 18001),
                Optional.ofNullable(values.get("rate-limit")).map(value -> hostPort("rate-limit", value)),
                Optional.ofNullable(values.get("zipkin-url")).map(value -> url("zipkin-url", value)),
                accessLog(values.getOrDefault("access-log", "none")),
                Optional.ofNullable(values.get("catalog-cache")).map(Path::of),
                folders(values.getOrDefault("secret-folders", "")),
                flag("clear-text-keys", values.getOrDefault("clear-text-keys", "false")),
                Optional.ofNullable(values.get("identifier")).orElseGet(SettingsReader::hostName),
                size("max-response-size", values.getOrDefault("max-response-size", "2MiB")));
    }

    private static HostPort listen(Map<String, String> values, String address, String port, int defaultPort) {
        String host = values.getOrDefault(address, "127.0.0.1");
        if (host.isEmpty()) {
            throw new SettingsException(address + ": '' (expected: an IP address, 0.0.0.0 for all)");
        }
        String given = values.get(port);
        return new HostPort(host, given == null ? defaultPort : port(port, given));
    }

    private static HostPort hostPort(String name, String value) {
        Matcher matcher = HOST_PORT.matcher(value);
        if (!matcher.matches()) {
            throw new SettingsException(name + ": '" + value + "' (expected: HOST:PORT)");
        }
        int port = port(name, matcher.group(3));
        if (port == 0) {
            throw new SettingsException(name + ": '" + value + "' (expected: a port, 1..65535)");
        }
        return new HostPort(matcher.group(1) != null ? matcher.group(1) : matcher.group(2), port);
    }

    private static int port(String name, String value) {
        if (!value.matches("\\d{1,5}") || Integer.parseInt(value) > 65535) {
            throw new SettingsException(name + ": '" + value + "' (expected: a port, 0..65535)");
        }
        return Integer.parseInt(value);
    }

    private static URI url(String name, String value) {
        try {
            URI url = URI.create(value);
            if (url.getHost() != null && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
                return url;
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new SettingsException(name + ": '" + value + "' (expected: http://HOST:PORT/PATH)");
    }

    private static List<Path> folders(String value) {
        return Stream.of(value.split(","))
                .map(String::strip)
                .filter(folder -> !folder.isEmpty())
                .map(Path::of)
                .toList();
    }

    private static boolean flag(String name, String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw new SettingsException(name + ": '" + value + "' (expected: true or false)");
        }
        return value.equals("true");
    }

    private static boolean accessLog(String value) {
        if (!value.equals("none") && !value.equals("stdout")) {
            throw new SettingsException("access-log: '" + value + "' (expected: none or stdout)");
        }
        return value.equals("stdout");
    }

    private static int size(String name, String value) {
        Matcher matcher = SIZE.matcher(value);
        if (!matcher.matches()) {
            throw new SettingsException(name + ": '" + value + "' (expected: a number with B, KiB or MiB: 2MiB)");
        }
        long unit = switch (matcher.group(2)) {
            case "B" -> 1;
            case "KiB" -> 1 << 10;
            default -> 1 << 20;
        };
        long bytes = Long.parseLong(matcher.group(1)) * unit;
        if (bytes < LEAST_RESPONSE_BYTES || bytes > MOST_RESPONSE_BYTES) {
            throw new SettingsException(name + ": '" + value + "' (expected: 1KiB..64MiB)");
        }
        return (int) bytes;
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "xds-server";
        }
    }

    private static String nearest(String word) {
        return Nearest.of(word, XdsSettings.NAMES.keySet().stream().sorted()).orElse("");
    }
}
