package io.sluice.loadtests.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.loadtests.harness.Home;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The launcher on a machine of our making: only the tools it may count on are on its PATH, the usual folders of JDKs are ours, and Maven and
 * Java are scripts that say how they were called. Everything lies in a folder whose name has a space.
 */
final class Launcher {
    private static final List<String> TOOLS = List.of(
            "bash",
            "env",
            "awk",
            "sed",
            "head",
            "tail",
            "tr",
            "cat",
            "cp",
            "mv",
            "rm",
            "mkdir",
            "mktemp",
            "dirname",
            "readlink",
            "find",
            "touch",
            "flock",
            "sleep",
            "ldd",
            "grep");

    private final Path root;
    private final Path path;
    private final Path jvms;
    private final Map<String, String> environment = new LinkedHashMap<>();

    record Ended(int code, String out, String err) {}

    Launcher(Path folder) throws IOException {
        root = Files.createDirectories(folder.resolve("a clone"));
        path = Files.createDirectories(folder.resolve("bin"));
        jvms = Files.createDirectories(folder.resolve("usual folders"));
        for (String tool : TOOLS) {
            for (String bin : List.of("/usr/bin", "/bin")) {
                if (Files.exists(Path.of(bin, tool)) && Files.notExists(path.resolve(tool))) {
                    Files.createSymbolicLink(path.resolve(tool), Path.of(bin, tool));
                }
            }
        }
        String text = Files.readString(Home.find().root().resolve("sluice"));
        int from = text.indexOf("for home in /usr/lib/jvm/");
        int to = text.indexOf("; do", from);
        script(root.resolve("sluice"), text.substring(0, from) + "for home in \"" + jvms + "\"/*" + text.substring(to));
        for (String module : List.of("xds-server", "armeria-gateway", "loadtests")) {
            Files.createDirectories(root.resolve(module).resolve("src/main"));
            Files.writeString(root.resolve(module).resolve("pom.xml"), "");
        }
        Files.writeString(root.resolve("pom.xml"), "");
        environment.put("PATH", path.toString());
        environment.put("HOME", folder.toString());
    }

    Launcher with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** A JDK of a release, whose java says where it is and how it was called. */
    Path jdk(Path home, int release, boolean compiler) throws IOException {
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + release + ".0.1\"\n");
        script(home.resolve("bin/java"), "#!/usr/bin/env bash\nprintf '%s\\n' \"$0\" \"in=$PWD\" \"$@\"\n");
        if (compiler) {
            script(home.resolve("bin/javac"), "#!/usr/bin/env bash\n");
        }
        return home;
    }

    Path usual(int release) throws IOException {
        return jdk(jvms.resolve("jdk " + release), release, true);
    }

    void javacOnPath(Path home) throws IOException {
        Files.createSymbolicLink(path.resolve("javac"), home.resolve("bin/javac"));
    }

    /** A Maven that adds a line to {@code mvn.log} and makes the jars, or fails. */
    void maven(boolean works) throws IOException {
        script(path.resolve("mvn"), """
                #!/usr/bin/env bash
                printf '%%s %%s\\n' "$JAVA_HOME" "$*" >>"%s/mvn.log"
                echo "what Maven says"
                sleep 0.3
                for module in xds-server armeria-gateway loadtests; do
                  mkdir -p "$module/target" && touch "$module/target/$module-1.jar"
                done
                exit %d
                """.formatted(root, works ? 0 : 1));
    }

    List<String> mavenCalls() throws IOException {
        Path log = root.resolve("mvn.log");
        return Files.exists(log) ? Files.readAllLines(log) : List.of();
    }

    Path root() {
        return root;
    }

    /** As after a build, with everything made in that order. */
    void built() throws IOException {
        Instant then = Instant.now().minusSeconds(1_000);
        for (String module : List.of("xds-server", "armeria-gateway", "loadtests")) {
            at(then.plusSeconds(1), root.resolve(module).resolve("target/" + module + "-1.jar"));
            at(then, root.resolve(module).resolve("pom.xml"));
            at(then.plusSeconds(3), root.resolve("target/" + module + ".jsa"));
        }
        at(then, root.resolve("pom.xml"));
        at(then.plusSeconds(2), root.resolve("target/built"));
    }

    Ended run(String... words) throws IOException, InterruptedException {
        return await(start(words));
    }

    Process start(String... words) throws IOException {
        return start(root.getParent(), words);
    }

    Process start(Path folder, String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of(root.resolve("sluice").toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.redirectOutput(Files.createTempFile(root.getParent(), "out", "").toFile());
        builder.redirectError(Files.createTempFile(root.getParent(), "err", "").toFile());
        Process process = builder.start();
        outputs.put(
                process,
                List.of(
                        builder.redirectOutput().file().toPath(),
                        builder.redirectError().file().toPath()));
        return process;
    }

    private final Map<Process, List<Path>> outputs = new LinkedHashMap<>();

    Ended await(Process process) throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("the launcher still runs");
        }
        List<Path> files = outputs.getOrDefault(process, List.of());
        return new Ended(process.exitValue(), read(files.get(0)), read(files.get(1)));
    }

    private static void at(Instant time, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        if (Files.notExists(file)) {
            Files.createFile(file);
        }
        Files.setLastModifiedTime(file, FileTime.from(time));
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, text, UTF_8);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
