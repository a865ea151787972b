package io.sluice.loadtests.harness;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The repository's root: where the launcher, the built programs and {@code .tools/} are. */
public record Home(Path root) {
    private static final String JAVA_OPTS = "SLUICE_JAVA_OPTS";
    private static final Pattern ARRAY = Pattern.compile("\\$\\{(\\w+)\\[@]}");

    /** The system property {@code sluice.home}, which the launcher sets, else the nearest folder upwards that holds the launcher. */
    public static Home find() {
        String given = System.getProperty("sluice.home", "");
        Path start = Path.of(given.isEmpty() ? "" : given).toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.isRegularFile(folder.resolve("sluice")) && Files.isRegularFile(folder.resolve("pom.xml"))) {
                return new Home(folder);
            }
        }
        throw new IllegalStateException(
                "no launcher in " + start + " or above (expected: the repository's root, or -Dsluice.home)");
    }

    /**
     * The command line with which {@code ./sluice WORD} starts a program, without its own look at whether a build is due. The flags are read
     * from the launcher, so that tests and users start the same JVM; the JVM is the one we run in, which the launcher or Maven chose.
     *
     * @param environment of the program, whose {@code SLUICE_JAVA_OPTS} count before ours
     * @throws IllegalStateException when the module is not packaged yet
     */
    public List<String> command(String word, String module, String mainClass, Map<String, String> environment) {
        Path target = root.resolve(module).resolve("target");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags(word));
        recorded(word, module).ifPresent(archive -> command.add("-XX:SharedArchiveFile=" + archive));
        String more = environment.getOrDefault(JAVA_OPTS, System.getenv().getOrDefault(JAVA_OPTS, ""));
        if (!more.isBlank()) {
            command.addAll(words(more));
        }
        command.add("-cp");
        command.add(jar(target, module) + System.getProperty("path.separator") + target.resolve("lib") + "/*");
        command.add(mainClass);
        return command;
    }

    /** The JVM's flags for a word of the launcher. */
    List<String> flags(String word) {
        String launcher = read(root.resolve("sluice"));
        List<String> flags = new ArrayList<>(flags(launcher, "(?m)^jvm_flags=\\(([^)]*)\\)"));
        flags.addAll(flags(launcher, "(?ms)^  " + word + "\\)$.*?program_flags=\\(([^)]*)\\)"));
        return flags;
    }

    /** The classes that the launcher recorded, where it would start the word with them: not where the jar is newer. */
    Optional<Path> recorded(String word, String module) {
        Matcher branch = Pattern.compile("(?ms)^  " + word + "\\)$(.*?);;").matcher(read(root.resolve("sluice")));
        boolean uses = branch.find() && branch.group(1).contains("use_recorded " + module + "\n");
        Path archive = root.resolve("target/" + module + ".jsa");
        try {
            Path jar = jar(root.resolve(module).resolve("target"), module);
            return uses
                            && Files.exists(archive)
                            && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) > 0
                    ? Optional.of(archive)
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What stands in an array of the launcher, as the shell would see it. */
    private List<String> flags(String launcher, String pattern) {
        Matcher matcher = Pattern.compile(pattern).matcher(launcher);
        if (!matcher.find()) {
            throw new IllegalStateException("the launcher holds no " + pattern);
        }
        List<String> flags = new ArrayList<>();
        for (String flag : words(matcher.group(1))) {
            String bare = flag.replace("\"", "");
            Matcher array = ARRAY.matcher(bare);
            if (array.matches()) {
                flags.addAll(flags(launcher, "(?m)^" + array.group(1) + "=\\(([^)]*)\\)"));
            } else {
                flags.add(bare.replace("$cd_home", root.toString()));
            }
        }
        return flags;
    }

    private static List<String> words(String text) {
        return List.of(text.strip().split("\\s+"));
    }

    private static Path jar(Path target, String module) {
        try (var jars = Files.newDirectoryStream(target, module + "-*.jar")) {
            for (Path jar : jars) {
                return jar;
            }
        } catch (IOException e) {
            throw new IllegalStateException(module + " is not packaged: no " + target, e);
        }
        throw new IllegalStateException(
                module + " is not packaged: no jar in " + target + " (./sluice build makes it)");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
