package io.sluice.gateway.secret;

import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.sluice.gateway.xds.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Reads what a resource says inline or names a file for. The bootstrap is its owner's own and may name any file; what comes from the stream may
 * name those of the allowed folders: an xDS server is not to read its clients' disks.
 */
public final class DataSourceParser {
    private static final long MAX_BYTES = 1024 * 1024;

    private final List<Path> allowed;

    /** @param allowed folders whose files the stream may name */
    public DataSourceParser(List<Path> allowed) {
        this.allowed = List.copyOf(allowed);
    }

    /**
     * @param own whether the bootstrap says it
     * @return empty when something was reported
     */
    Optional<String> text(DataSource source, boolean own, Problems problems) {
        return switch (source.getSpecifierCase()) {
            case INLINE_STRING -> Optional.of(source.getInlineString());
            case INLINE_BYTES -> Optional.of(source.getInlineBytes().toString(StandardCharsets.ISO_8859_1));
            case FILENAME -> file(source.getFilename(), own, problems);
            case ENVIRONMENT_VARIABLE, SPECIFIER_NOT_SET ->
                problems.expected("specifier", source.getSpecifierCase(), "inline_string, inline_bytes or filename");
        };
    }

    private Optional<String> file(String name, boolean own, Problems problems) {
        Path file = Path.of(name);
        try {
            if (!own && !isAllowed(file)) {
                return problems.expected(
                        "filename", "'" + name + "'", "a file in one of the setting secret-folders: " + allowed);
            }
            if (Files.size(file) > MAX_BYTES) {
                return problems.expected("filename", "'" + name + "'", "a file of at most 1MiB");
            }
            return Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return problems.expected("filename", "'" + name + "'", "a file that is there");
        } catch (IOException e) {
            return problems.expected("filename", "'" + name + "'", "a file that can be read");
        }
    }

    /** Links are followed first. */
    private boolean isAllowed(Path file) throws IOException {
        if (allowed.isEmpty()) {
            return false;
        }
        Path real = file.toRealPath();
        for (Path folder : allowed) {
            if (Files.exists(folder) && real.startsWith(folder.toRealPath())) {
                return true;
            }
        }
        return false;
    }
}
