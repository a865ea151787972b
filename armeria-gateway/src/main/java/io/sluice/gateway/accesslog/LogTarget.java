package io.sluice.gateway.accesslog;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/** Where the bytes of a sink end. Used by one thread. */
interface LogTarget extends Closeable {
    void write(ByteArrayOutputStream bytes) throws IOException;

    /** An open stream of the process, which stays open. */
    record Stream(FileOutputStream out) implements LogTarget {
        @Override
        public void write(ByteArrayOutputStream bytes) throws IOException {
            bytes.writeTo(out);
        }

        @Override
        public void close() {}
    }

    /** A file appended to; opened anew after it was renamed or removed, so that log rotation needs no signal. */
    final class Appender implements LogTarget {
        private final Path path;
        private @Nullable OutputStream out;
        private @Nullable Object key;

        Appender(Path path) {
            this.path = path;
        }

        @Override
        public void write(ByteArrayOutputStream bytes) throws IOException {
            OutputStream current = out;
            if (current == null || !sameFile()) {
                close();
                current = Files.newOutputStream(
                        path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
                out = current;
                key = key();
            }
            bytes.writeTo(current);
        }

        private boolean sameFile() throws IOException {
            try {
                return key != null && key.equals(key());
            } catch (NoSuchFileException e) {
                return false;
            }
        }

        private @Nullable Object key() throws IOException {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        }

        @Override
        public void close() throws IOException {
            OutputStream old = out;
            out = null;
            if (old != null) {
                old.close();
            }
        }
    }
}
