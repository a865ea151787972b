package io.sluice.gateway.xds;

import com.google.protobuf.Any;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last good resources on disk: a checksum, then one message. Written beside, synced and renamed, with the generation before kept; a file that
 * cannot be read is passed over. Writing happens on the executor given, the newest state only.
 */
public final class LastGood {
    private static final Logger log = LoggerFactory.getLogger(LastGood.class);
    private static final int CHECKSUM_BYTES = Long.BYTES;

    private final @Nullable Path file;
    private final Executor writer;
    private final AtomicReference<@Nullable DeltaDiscoveryResponse> pending = new AtomicReference<>();
    private boolean failing;

    /** @param folder null keeps nothing */
    public LastGood(@Nullable Path folder, Executor writer) {
        file = folder == null ? null : folder.resolve("resources.bin");
        this.writer = writer;
    }

    List<Resource> read() {
        if (file == null) {
            return List.of();
        }
        for (Path candidate : List.of(file, previous(file))) {
            try {
                return read(candidate);
            } catch (IOException e) {
                if (Files.exists(candidate)) {
                    log.warn("last good configuration passed over file={} reason={}", candidate, e.getMessage());
                }
            }
        }
        return List.of();
    }

    private static Path previous(Path file) {
        return file.resolveSibling(file.getFileName() + ".previous");
    }

    private static List<Resource> read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length < CHECKSUM_BYTES) {
            throw new IOException(bytes.length + " bytes (expected: at least " + CHECKSUM_BYTES + ")");
        }
        byte[] message = Arrays.copyOfRange(bytes, CHECKSUM_BYTES, bytes.length);
        if (ByteBuffer.wrap(bytes).getLong() != checksum(message)) {
            throw new IOException("checksum does not match");
        }
        return DeltaDiscoveryResponse.parseFrom(message).getResourcesList();
    }

    private static long checksum(byte[] message) {
        CRC32C checksum = new CRC32C();
        checksum.update(message);
        return checksum.getValue();
    }

    void write(Map<ResourceKey, AdsClient.Entry> accepted) {
        if (file == null) {
            return;
        }
        DeltaDiscoveryResponse.Builder all = DeltaDiscoveryResponse.newBuilder();
        accepted.forEach((key, entry) -> {
            if (key.kind() == ResourceKind.SECRET) {
                return; // keys stay in memory
            }
            all.addResources(Resource.newBuilder()
                    .setName(key.name())
                    .setVersion(entry.version())
                    .setResource(Any.newBuilder()
                            .setTypeUrl(key.kind().typeUrl())
                            .setValue(entry.message().toByteString())));
        });
        if (pending.getAndSet(all.build()) == null) {
            writer.execute(() -> save(file));
        }
    }

    /** Configuration may hold what others should not read. */
    private static FileAttribute<?>[] ownersOnly() {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        return posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private synchronized void save(Path target) {
        DeltaDiscoveryResponse newest = pending.getAndSet(null);
        if (newest == null) {
            return;
        }
        byte[] message = newest.toByteArray();
        ByteBuffer bytes = ByteBuffer.allocate(CHECKSUM_BYTES + message.length)
                .putLong(checksum(message))
                .put(message)
                .flip();
        Path next = target.resolveSibling(target.getFileName() + ".next");
        try {
            Files.createDirectories(target.toAbsolutePath().getParent());
            Files.deleteIfExists(next);
            try (FileChannel channel = FileChannel.open(
                    next, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownersOnly())) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (Files.exists(target)) {
                Files.copy(target, previous(target), StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(next, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            if (failing) {
                failing = false;
                log.info("last good configuration is kept again file={}", target);
            }
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                log.warn("last good configuration cannot be kept file={} reason={}", target, e.getMessage());
            }
        }
    }
}
