package io.sluice.gateway.wire;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;

/** Follows a caller's frames byte by byte, to know whether a header block has begun that is not whole yet. Source: RFC 9113 sections 4.1 and 6.10. */
final class Http2BlockWatch {
    private static final int HEAD_BYTES = 9;
    private static final int HEAD_BYTES_THAT_TELL = 5;
    private static final int END_HEADERS = 4;

    private long head;
    private int headBytes;
    private int length;

    /** Of what is skipped: at first the preface. */
    private int left = Http2CodecUtil.connectionPrefaceBuf().readableBytes();

    private boolean open;
    private boolean lastOfBlock;
    private long blocks;

    /** @return the number of the block that is open behind these bytes, which stay where they are; 0 where none is */
    long openBehind(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (left > 0) {
                int skipped = Math.min(left, end - at);
                at += skipped;
                left -= skipped;
            } else {
                head(bytes.getUnsignedByte(at++));
            }
            if (left == 0 && headBytes == 0 && lastOfBlock) {
                open = false;
                lastOfBlock = false;
            }
        }
        return open ? blocks : 0;
    }

    private void head(int next) {
        head = head << 8 | next;
        headBytes++;
        if (headBytes == HEAD_BYTES_THAT_TELL) {
            int type = (int) (head >>> 8) & 0xff;
            if (type == Http2FrameTypes.HEADERS || type == Http2FrameTypes.CONTINUATION) {
                if (!open) {
                    open = true;
                    blocks++;
                }
                lastOfBlock = (head & END_HEADERS) != 0;
            }
            length = (int) (head >>> 16) & 0xffffff;
        } else if (headBytes == HEAD_BYTES) {
            left = length;
            headBytes = 0;
            head = 0;
        }
    }
}
