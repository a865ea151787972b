package io.sluice.xdsserver.snapshot;

import io.sluice.sync.model.Catalog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest catalog on disk, a checksum before it, for a start while its source is away. Written beside, synced and renamed; only the newest one. */
public final class LastGoodCatalog {
    private static final Logger log = LoggerFactory.getLogger(LastGoodCatalog.class);
    private static final int CHECKSUM_BYTES = Long.BYTES;

    private final Path file;
    private final Executor writer;
    private final AtomicReference<@Nullable Catalog> pending = new AtomicReference<>();
    private boolean failing;

    /** @param writer runs one task at a time; may block */
    public LastGoodCatalog(Path folder, Executor writer) {
        file = folder.resolve("catalog.bin");
        this.writer = writer;
    }

    /** What was written last, or empty where there is nothing, or nothing that can be read. */
    public Optional<Catalog> read() {
        try {
            byte[] bytes = Files.readAllBytes(file);
            if (bytes.length < CHECKSUM_BYTES) {
                throw new IOException(bytes.length + " bytes (expected: at least " + CHECKSUM_BYTES + ")");
            }
            byte[] content = Arrays.copyOfRange(bytes, CHECKSUM_BYTES, bytes.length);
            if (ByteBuffer.wrap(bytes).getLong() != checksum(content)) {
                throw new IOException("checksum does not match");
            }
            return Optional.of(CatalogJson.read(content));
        } catch (IOException e) {
            if (Files.exists(file)) {
                log.warn("last good catalog passed over file={} reason={}", file, e.getMessage());
            }
            return Optional.empty();
        }
    }

    /** Returns at once. */
    public void write(Catalog catalog) {
        if (pending.getAndSet(catalog) == null) {
            writer.execute(this::save);
        }
    }

    private void save() {
        Catalog newest = pending.getAndSet(null);
        if (newest == null) {
            return;
        }
        Path next = file.resolveSibling(file.getFileName() + ".next");
        try {
            byte[] content = CatalogJson.write(newest);
            Files.createDirectories(file.toAbsolutePath().getParent());
            ByteBuffer bytes = ByteBuffer.allocate(CHECKSUM_BYTES + content.length)
                    .putLong(checksum(content))
                    .put(content)
                    .flip();
            try (FileChannel channel = FileChannel.open(
                    next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (failing) {
                failing = false;
                log.info("last good catalog written again file={}", file);
            }
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                log.warn("last good catalog not written file={} reason={}", file, e.toString());
            }
        }
    }

    private static long checksum(byte[] content) {
        CRC32C checksum = new CRC32C();
        checksum.update(content);
        return checksum.getValue();
    }
}
