package io.sluice.sync;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** A folder with a file per service, and one for the routes. */
final class FileWorld implements World {
    private final Path folder;

    FileWorld(Path parent) {
        folder = parent.resolve("catalog");
        try {
            Files.createDirectory(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String address() {
        return "file:" + folder;
    }

    @Override
    public void service(String name, Member... members) {
        write(
                name + ".yaml",
                "services:\n  " + name + ":"
                        + Arrays.stream(members).map(FileWorld::line).collect(Collectors.joining())
                        + (members.length == 0 ? " []\n" : ""));
    }

    private static String line(Member member) {
        return String.format(
                Locale.ROOT,
                "%n    - {address: '127.0.0.1:%d', weight: %d, health: %s}",
                member.port(),
                member.weight(),
                member.health().name().toLowerCase(Locale.ROOT));
    }

    @Override
    public void routes(String lines) {
        write("routes.yaml", "routes:\n" + lines);
    }

    @Override
    public String routesDocument() {
        return "routes.yaml";
    }

    @Override
    public void away() {
        move(folder, folder.resolveSibling("away"));
    }

    @Override
    public void back() {
        move(folder.resolveSibling("away"), folder);
    }

    @Override
    public void close() {}

    void write(String file, String text) {
        try {
            Path temporary = Files.writeString(folder.resolve(file + ".tmp"), text);
            Files.move(
                    temporary,
                    folder.resolve(file),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
