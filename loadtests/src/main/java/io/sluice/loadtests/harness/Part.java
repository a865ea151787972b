package io.sluice.loadtests.harness;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A program of others that we start as it is. */
public enum Part {
    CONSUL("SLUICE_CONSUL", "consul", "consul"),
    ENVOY("SLUICE_ENVOY", "envoy", "envoy"),
    ZIPKIN("SLUICE_ZIPKIN", "zipkin", "zipkin.jar"),
    NGINX("SLUICE_NGINX", "nginx", "nginx"),
    H2SPEC("SLUICE_H2SPEC", "h2spec", "h2spec"),
    HELM("SLUICE_HELM", "helm", "helm"),
    SHELLCHECK("SLUICE_SHELLCHECK", "shellcheck", "shellcheck");

    /** Where Debian keeps servers; an ordinary user's PATH does not name it. */
    private static final String SERVERS = "/usr/sbin";

    private final String variable;
    private final String onPath;
    private final String inTools;

    Part(String variable, String onPath, String inTools) {
        this.variable = variable;
        this.onPath = onPath;
        this.inTools = inTools;
    }

    /** Its variable, then {@code .tools/} at the root, then PATH: the launcher's order. */
    public Optional<Path> find() {
        return find(System.getenv(), Home.find().root());
    }

    /** @throws MissingPartException when it is nowhere */
    public Path need() {
        return find().orElseThrow(() -> new MissingPartException(missing()));
    }

    /** One line: what is missing, and what brings it. */
    public String missing() {
        String name = name().toLowerCase(Locale.ROOT);
        return name + " is missing: './sluice tools " + name + "' brings it, or set " + variable;
    }

    Optional<Path> find(Map<String, String> environment, Path root) {
        String given = environment.getOrDefault(variable, "");
        if (!given.isEmpty()) {
            return Optional.of(Path.of(given)).filter(Files::isRegularFile);
        }
        Path brought = root.resolve(".tools").resolve(inTools);
        if (Files.isRegularFile(brought)) {
            return Optional.of(brought);
        }
        for (String folder :
                (environment.getOrDefault("PATH", "") + File.pathSeparator + SERVERS).split(File.pathSeparator)) {
            Path file = Path.of(folder).resolve(onPath);
            if (Files.isRegularFile(file) && Files.isExecutable(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }
}
