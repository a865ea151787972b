package io.sluice.gateway.wire;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;

/** Behind Netty's HTTP/1 decoder, which sees only what {@link Http1Gate} let through. */
final class Http1Guard extends ChannelInboundHandlerAdapter {
    private final Caller caller;

    Http1Guard(Caller caller) {
        this.caller = caller;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof HttpRequest request && request.decoderResult().isSuccess()) {
            mark(request);
        }
        ctx.fireChannelRead(message);
    }

    private void mark(HttpRequest request) {
        HttpHeaders headers = request.headers();
        String path = request.uri();
        boolean absolute = !path.startsWith("/") && !path.equals("*");
        if (absolute && caller.takesAbsoluteTargets()) {
            path = splitAbsolute(path, headers);
            absolute = false;
        }
        headers.set(WireMarks.PATH, path);
        if (!headers.contains(HttpHeaderNames.HOST)) {
            headers.set(WireMarks.REFUSAL, WireMarks.MISSING_HOST);
        } else if (absolute) {
            headers.set(WireMarks.REFUSAL, WireMarks.ABSOLUTE_TARGET);
        } else if (headers.contains(WireMarks.REFUSAL)) {
            headers.remove(WireMarks.REFUSAL);
        }
        if (!request.uri().equals("/")) {
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
}
