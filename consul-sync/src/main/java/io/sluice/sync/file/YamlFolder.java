package io.sluice.sync.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One YAML file, or a folder of them; folders in it and names that begin with a dot are passed over. */
final class YamlFolder {
    /** A file so young may be written again without a change of its time or size: the coarsest clock of a file system in use. */
    private static final Duration YOUNG = Duration.ofSeconds(2);

    private final String source;
    private final Path path;
    private final Clock clock;

    YamlFolder(String source, Path path, Clock clock) {
        this.source = source;
        this.path = path;
        this.clock = clock;
    }

    /** What tells one version of a file from another without reading it; symlinks are followed. */
    private record Version(
            FileTime modified, long size, @Nullable Object inode) {}

    /** Equal to the last one while no file was added, removed or written. @throws IOException when the folder is not there */
    Object fingerprint() throws IOException {
        Map<String, Version> versions = new TreeMap<>();
        for (Map.Entry<String, Path> file : files().entrySet()) {
            try {
                versions.put(file.getKey(), version(file.getValue()));
            } catch (NoSuchFileException e) {
                // removed between the listing and the look
            }
        }
        return versions;
    }

    /**
     * Reads every file into its document.
     *
     * @return false when one is so young that it must be read again
     */
    boolean read(DocumentSet documents) throws IOException {
        Map<String, Path> files = files();
        boolean settled = true;
        for (Map.Entry<String, Path> file : files.entrySet()) {
            settled &= read(file.getKey(), file.getValue(), documents);
        }
        documents.retainAll(files.keySet());
        return settled;
    }

    @Override
    public String toString() {
        return path.toString();
    }

    private boolean read(String name, Path file, DocumentSet documents) {
        Place place = new Place(source, name, 1, "");
        try {
            Version version = version(file);
            if (version.size() > DocumentParser.MAX_BYTES) {
                documents.refuse(place, version.size() + " bytes", "at most " + DocumentParser.MAX_BYTES + " bytes");
            } else {
                documents.put(name, text(file));
            }
            Instant now = clock.instant();
            return version.modified().toInstant().isBefore(now.minus(YOUNG))
                    || version.modified().toInstant().isAfter(now);
        } catch (CharacterCodingException e) {
            documents.refuse(place, "is not UTF-8", "a YAML file in UTF-8");
        } catch (IOException e) {
            documents.refuse(place, "cannot be read: " + e, "a file this process may read");
        }
        return true;
    }

    private static String text(Path file) throws IOException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                .toString();
    }

    private Map<String, Path> files() throws IOException {
        if (Files.isRegularFile(path)) {
            return Map.of(path.getFileName().toString(), path);
        }
        Map<String, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> folder = Files.newDirectoryStream(path, "[!.]*.{yaml,yml}")) {
            for (Path file : folder) {
                if (!Files.isDirectory(file)) {
                    files.put(file.getFileName().toString(), file);
                }
            }
        }
        return files;
    }

    private static Version version(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new Version(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
    }
}
