package io.sluice.gateway.filter.grpcweb;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.GrpcReply;
import io.sluice.gateway.filter.HttpFilter;
import io.sluice.gateway.filter.HttpFilterFactory;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.filter.Piece;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Envoy's {@code envoy.filters.http.grpc_web}: browsers' calls become gRPC's, trailers of answers a last piece of body. Source: {@code grpc_web_filter.cc}. */
final class GrpcWebFilter implements HttpFilter {
    private static final Set<String> BINARY = Set.of("application/grpc-web", "application/grpc-web+proto");
    private static final Set<String> TEXT = Set.of("application/grpc-web-text", "application/grpc-web-text+proto");
    private static final byte TRAILERS = (byte) 0x80;
    private static final int FRAME_HEADER = 5;

    /** So much of an answer that is no gRPC becomes its message. */
    private static final int MAX_MESSAGE = 16 * 1024;

    private boolean web;
    private boolean textRequest;
    private boolean textResponse;
    private @Nullable ResponseHeadersBuilder odd;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream(0);
    private byte[] undecoded = {};
    private byte[] unencoded = {};

    record Factory(String name) implements HttpFilterFactory {
        @Override
        public Set<Phase> phases() {
            return EnumSet.of(
                    Phase.REQUEST_HEADERS,
                    Phase.REQUEST_DATA,
                    Phase.RESPONSE_HEADERS,
                    Phase.RESPONSE_DATA,
                    Phase.RESPONSE_TRAILERS);
        }

        @Override
        public HttpFilter create(Exchange exchange, int place) {
            return new GrpcWebFilter();
        }
    }

    @Override
    public Next onRequestHeaders(Exchange exchange, RequestHeadersBuilder headers, boolean end) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
        textRequest = TEXT.contains(type);
        web = textRequest || BINARY.contains(type);
        if (web) {
            textResponse = TEXT.contains(headers.get(HttpHeaderNames.ACCEPT, ""));
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
            headers.set(HttpHeaderNames.TE, "trailers");
            headers.set("grpc-accept-encoding", "identity");
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onRequestData(Exchange exchange, Piece piece) {
        if (!textRequest) {
            return Next.CONTINUE;
        }
        byte[] all = joined(undecoded, piece.data());
        int whole = all.length / 4 * 4;
        undecoded = Arrays.copyOfRange(all, whole, all.length);
        byte[] decoded = decode(Arrays.copyOf(all, whole));
        if (decoded == null || (piece.isEnd() && undecoded.length > 0)) {
            exchange.reply(
                    LocalReply.of(400, "Bad gRPC-web request, invalid base64 data.", "grpc_base_64_decode_failed"));
            return Next.PAUSE;
        }
        piece.replace(HttpData.wrap(decoded));
        return Next.CONTINUE;
    }

    /** Texts that were encoded one by one may follow each other, each with its padding; null where it is none. */
    private static byte @Nullable [] decode(byte[] text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(text.length);
        try {
            for (int i = 0; i < text.length; i += 4) {
                out.writeBytes(Base64.getDecoder().decode(Arrays.copyOfRange(text, i, i + 4)));
            }
        } catch (IllegalArgumentException e) {
            return null;
        }
        return out.toByteArray();
    }

    @Override
    public Next onResponseHeaders(Exchange exchange, ResponseHeadersBuilder headers, boolean end) {
        if (web) {
            String type = headers.get(HttpHeaderNames.CONTENT_TYPE, "");
            if (!end && (headers.status().code() != 200 || !type.startsWith("application/grpc"))) {
                odd = headers;
                return Next.STOP_AND_BUFFER;
            }
            type(headers);
        }
        return Next.CONTINUE;
    }

    @Override
    public Next onResponseData(Exchange exchange, Piece piece) {
        if (odd != null) {
            int room = Math.max(0, MAX_MESSAGE - message.size());
            message.write(piece.data().array(), 0, Math.min(room, piece.data().length()));
            piece.replace(HttpData.empty());
            if (!piece.isEnd()) {
                return Next.STOP_AND_BUFFER;
            }
            asStatus(odd);
            return Next.CONTINUE;
        }
        if (!web || !textResponse) {
            return Next.CONTINUE;
        }
        unencoded = joined(unencoded, piece.data());
        int whole = wholeFrames(unencoded);
        piece.replace(HttpData.wrap(frames(Arrays.copyOf(unencoded, whole))));
        unencoded = Arrays.copyOfRange(unencoded, whole, unencoded.length);
        return Next.CONTINUE;
    }

    /** An answer that is no gRPC, as a browser's library understands it. */
    private void asStatus(ResponseHeadersBuilder headers) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, "0");
        headers.set(
                "grpc-status", String.valueOf(GrpcReply.status(headers.status().code())));
        headers.set("grpc-message", GrpcReply.message(message.toString(StandardCharsets.UTF_8)));
        type(headers);
    }

    private void type(ResponseHeadersBuilder headers) {
        headers.set(
                HttpHeaderNames.CONTENT_TYPE,
                textResponse ? "application/grpc-web-text+proto" : "application/grpc-web+proto");
    }

    private static int wholeFrames(byte[] bytes) {
        int at = 0;
        while (bytes.length - at >= FRAME_HEADER) {
            long length =
                    Integer.toUnsignedLong(ByteBuffer.wrap(bytes, at + 1, 4).getInt());
            if (bytes.length - at - FRAME_HEADER < length) {
                break;
            }
            at += FRAME_HEADER + (int) length;
        }
        return at;
    }

    /** Each with its own padding. */
    private static byte[] frames(byte[] whole) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int at = 0;
        while (at < whole.length) {
            int length = FRAME_HEADER + ByteBuffer.wrap(whole, at + 1, 4).getInt();
            out.writeBytes(Base64.getEncoder().encode(Arrays.copyOfRange(whole, at, at + length)));
            at += length;
        }
        return out.toByteArray();
    }

    @Override
    public Next onResponseTrailers(Exchange exchange, HttpHeadersBuilder trailers) {
        if (odd != null) {
            asStatus(odd);
            return Next.CONTINUE;
        }
        if (!web) {
            return Next.CONTINUE;
        }
        StringBuilder lines = new StringBuilder();
        trailers.build()
                .forEach((name, value) ->
                        lines.append(name).append(':').append(value).append("\r\n"));
        byte[] text = lines.toString().getBytes(StandardCharsets.UTF_8);
        byte[] frame = ByteBuffer.allocate(FRAME_HEADER + text.length)
                .put(TRAILERS)
                .putInt(text.length)
                .put(text)
                .array();
        trailers.clear();
        exchange.addResponseData(
                HttpData.wrap(textResponse ? Base64.getEncoder().encode(frame) : frame));
        return Next.CONTINUE;
    }

    private static byte[] joined(byte[] before, HttpData data) {
        byte[] all = Arrays.copyOf(before, before.length + data.length());
        System.arraycopy(data.array(), 0, all, before.length, data.length());
        return all;
    }
}
