package io.sluice.gateway.filter.compressor;

import com.linecorp.armeria.common.HttpData;
import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** One body on its way into gzip, piece by piece; each piece can be read as soon as it is there. Holds memory outside of the heap until closed. */
final class Gzip implements AutoCloseable {
    private static final int CHUNK = 4096;

    private final Deflater deflater;
    private final CRC32 sum = new CRC32();
    private final byte[] chunk = new byte[CHUNK];
    private final int level;
    private boolean begun;
    private long length;

    Gzip(int level, int strategy) {
        this.level = level;
        deflater = new Deflater(level, true);
        if (strategy != Deflater.DEFAULT_STRATEGY) {
            deflater.setStrategy(strategy);
            deflater.deflate(chunk); // the first call only takes note of it
        }
    }

    HttpData piece(HttpData data) {
        if (data.isEmpty()) {
            return HttpData.empty();
        }
        ByteArrayOutputStream out = begin();
        take(data);
        drain(out, Deflater.SYNC_FLUSH);
        return HttpData.wrap(out.toByteArray());
    }

    private void take(HttpData data) {
        byte[] bytes = data.array();
        sum.update(bytes, 0, bytes.length);
        length += bytes.length;
        deflater.setInput(bytes);
    }

    HttpData last(HttpData data) {
        ByteArrayOutputStream out = begin();
        take(data);
        deflater.finish();
        drain(out, Deflater.NO_FLUSH);
        littleEndian(sum.getValue(), out);
        littleEndian(length, out);
        return HttpData.wrap(out.toByteArray());
    }

    private ByteArrayOutputStream begin() {
        ByteArrayOutputStream out = new ByteArrayOutputStream(CHUNK);
        if (!begun) {
            begun = true;
            int extra = level == Deflater.BEST_COMPRESSION ? 2 : level == Deflater.BEST_SPEED ? 4 : 0;
            out.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, (byte) extra, 3});
        }
        return out;
    }

    private void drain(ByteArrayOutputStream out, int flush) {
        int written;
        do {
            written = deflater.deflate(chunk, 0, chunk.length, flush);
            out.write(chunk, 0, written);
        } while (written == chunk.length);
    }

    private static void littleEndian(long value, ByteArrayOutputStream out) {
        for (int shift = 0; shift < 32; shift += 8) {
            out.write((int) (value >> shift));
        }
    }

    @Override
    public void close() {
        deflater.end();
    }
}
