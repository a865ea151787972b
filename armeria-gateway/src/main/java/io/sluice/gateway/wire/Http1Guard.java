package io.sluice.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/** Behind Netty's HTTP/1 decoder. */
final class Http1Guard extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request && request.decoderResult().isSuccess()) {
            mark(request);
        }
        ctx.fireChannelRead(message);
    }

    private static void mark(HttpRequest request) {
        HttpHeaders headers = request.headers();
        String path = request.uri();
        if (!path.startsWith("/") && !path.equals("*")) {
            path = splitAbsolute(path, headers);
        }
        boolean clean = WireMarks.isPath(path);
        headers.set(WireMarks.PATH, clean ? path : "/");
        String refusal = clean ? refusal(request, headers) : "400 http1.codec_error";
        if (refusal != null) {
            headers.set(WireMarks.REFUSAL, refusal);
        } else if (headers.contains(WireMarks.REFUSAL)) {
            headers.remove(WireMarks.REFUSAL);
        }
        if (!path.equals("/")) {
            request.setUri("/");
        }
    }

    /** {@code http://host/path}: the host goes where hosts belong. */
    private static String splitAbsolute(String uri, HttpHeaders headers) {
        int scheme = uri.indexOf("://");
        if (scheme < 0) {
            return uri;
        }
        int host = scheme + 3;
        int end = host;
        while (end < uri.length() && "/?#".indexOf(uri.charAt(end)) < 0) {
            end++;
        }
        headers.set(HttpHeaderNames.HOST, uri.substring(host, end));
        String path = uri.substring(end);
        return path.startsWith("/") ? path : "/" + path;
    }

    private static @Nullable String refusal(HttpRequest request, HttpHeaders headers) {
        int hosts = headers.getAll(HttpHeaderNames.HOST).size();
        if (hosts > 1) {
            return "400 http1.duplicate_host";
        }
        String coding = headers.get(HttpHeaderNames.TRANSFER_ENCODING);
        if (coding != null && !coding.equalsIgnoreCase("chunked")) {
            return "501 http1.invalid_transfer_encoding";
        }
        if (request.protocolVersion().equals(HttpVersion.HTTP_1_0)) {
            return "426 low_version";
        }
        if (hosts == 0) {
            return WireMarks.MISSING_HOST;
        }
        return null;
    }
}
