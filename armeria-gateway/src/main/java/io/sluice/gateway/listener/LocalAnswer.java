package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.filter.GrpcReply;
import io.sluice.gateway.filter.LocalReply;

/** What a local reply looks like to its caller. Source: Envoy source/common/http/utility.cc, prepareLocalReply. */
final class LocalAnswer {
    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
    private static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");

    private LocalAnswer() {}

    /** In trailers only. */
    static void grpc(ResponseHeadersBuilder headers, LocalReply reply, boolean head) {
        int status = reply.grpcStatus() == null ? GrpcReply.status(reply.status()) : reply.grpcStatus();
        headers.status(HttpStatus.OK);
        headers.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        if (!headers.contains(GRPC_STATUS)) {
            headers.set(GRPC_STATUS, String.valueOf(status));
        }
        if (!reply.body().isEmpty() && !head && !headers.contains(GRPC_MESSAGE)) {
            headers.set(GRPC_MESSAGE, GrpcReply.message(reply.body()));
        }
    }

    /** @return the body, to be sent where the method has one */
    static HttpData plain(ResponseHeadersBuilder headers, LocalReply reply) {
        HttpData content = HttpData.ofUtf8(reply.body());
        if (content.isEmpty()) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.remove(HttpHeaderNames.CONTENT_TYPE);
            return content;
        }
        headers.set(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(content.length()));
        if (!headers.contains(HttpHeaderNames.CONTENT_TYPE)) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "text/plain");
        }
        return content;
    }
}
