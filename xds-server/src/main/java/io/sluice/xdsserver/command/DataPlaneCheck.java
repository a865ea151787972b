package io.sluice.xdsserver.command;

import io.sluice.xdsserver.settings.SettingsException;
import io.sluice.xdsserver.translate.NodeGroup;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A data plane's own word on a bootstrap. Blocks. */
final class DataPlaneCheck {
    private static final int PATIENCE_SECONDS = 60;

    private final NodeGroup.Kind kind;
    private final String name;
    private final List<String> command;
    /** Groups are often equal. */
    private final Map<String, Optional<String>> known = new HashMap<>();

    private DataPlaneCheck(NodeGroup.Kind kind, String name, List<String> command) {
        this.kind = kind;
        this.name = name;
        this.command = command;
    }

    /**
     * Those that are found.
     *
     * @param envoy path of the one to ask; else {@code SLUICE_ENVOY}, else one on {@code PATH}
     * @throws SettingsException where an Envoy is named and not there
     */
    static List<DataPlaneCheck> find(Optional<String> envoy, Map<String, String> environment) {
        List<DataPlaneCheck> found = new ArrayList<>();
        envoy(envoy, environment)
                .ifPresent(path -> found.add(
                        new DataPlaneCheck(NodeGroup.Kind.ENVOY, "Envoy", List.of(path, "--log-level", "error"))));
        gatewayCommand(environment)
                .ifPresent(command -> found.add(new DataPlaneCheck(NodeGroup.Kind.GATEWAY, "the gateway", command)));
        return found;
    }

    /** How our gateway is started; empty where it is not found. */
    static Optional<List<String>> gatewayCommand(Map<String, String> environment) {
        return given("SLUICE_GATEWAY_CLASSES", environment).map(DataPlaneCheck::gateway);
    }

    /** The launcher says where the gateway's classes are: this program has none of them. */
    private static List<String> gateway(String classes) {
        String java = ProcessHandle.current().info().command().orElse("java");
        return List.of(
                java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classes, "io.sluice.gateway.GatewayMain");
    }

    private static Optional<String> envoy(Optional<String> named, Map<String, String> environment) {
        Optional<String> path = named.or(() -> given("SLUICE_ENVOY", environment));
        if (path.isPresent() && !Files.isExecutable(Path.of(path.get()))) {
            throw new SettingsException("envoy: " + path.get() + " is not there (expected: Envoy 1.34 or newer)");
        }
        return path.or(() -> Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, "envoy"))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst());
    }

    private static Optional<String> given(String variable, Map<String, String> environment) {
        return Optional.ofNullable(environment.get(variable)).filter(value -> !value.isEmpty());
    }

    String name() {
        return name;
    }

    boolean isFor(NodeGroup group) {
        return group.kind() == kind;
    }

    /** What it says, in one line; empty where it takes all of it. */
    Optional<String> complaint(String bootstrap) {
        return known.computeIfAbsent(bootstrap, this::ask);
    }

    private Optional<String> ask(String bootstrap) {
        try {
            Path folder = Files.createTempDirectory("sluice-check");
            Path config = Files.writeString(folder.resolve("bootstrap.json"), bootstrap);
            Path output = folder.resolve("output");
            try {
                List<String> words = new ArrayList<>(command);
                words.addAll(List.of("--mode", "validate", "-c", config.toString()));
                Process process = new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    return Optional.of("no answer within " + PATIENCE_SECONDS + " s");
                }
                return process.exitValue() == 0 ? Optional.empty() : Optional.of(oneLine(output));
            } finally {
                Files.deleteIfExists(output);
                Files.deleteIfExists(config);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new SettingsException(name + ": cannot be asked: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SettingsException(name + ": interrupted");
        }
    }

    private static String oneLine(Path output) throws IOException {
        return Files.readString(output, StandardCharsets.UTF_8).strip().replaceAll("\\s*\\R\\s*", " | ");
    }
}
