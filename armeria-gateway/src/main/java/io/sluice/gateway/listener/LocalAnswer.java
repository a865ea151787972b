package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.filter.GrpcReply;
import io.sluice.gateway.filter.LocalReplies;
import org.jspecify.annotations.Nullable;

/** What a local reply looks like to its caller. Source: Envoy source/common/http/utility.cc, prepareLocalReply. */
final class LocalAnswer {
    private static final AsciiString GRPC_STATUS = AsciiString.cached("grpc-status");
    private static final AsciiString GRPC_MESSAGE = AsciiString.cached("grpc-message");

    private LocalAnswer() {}

    /**
     * In trailers only.
     *
     * @param grpcStatus null means by Envoy's map from the HTTP status
     */
    static void grpc(ResponseHeadersBuilder headers, String text, @Nullable Integer grpcStatus, boolean head) {
        int status = grpcStatus == null ? GrpcReply.status(headers.status().code()) : grpcStatus;
        headers.status(HttpStatus.OK);
        headers.set(HttpHeaderNames.CONTENT_TYPE, "application/grpc");
        headers.remove(HttpHeaderNames.CONTENT_LENGTH);
        if (!headers.contains(GRPC_STATUS)) {
            headers.set(GRPC_STATUS, String.valueOf(status));
        }
        if (!text.isEmpty() && !head && !headers.contains(GRPC_MESSAGE)) {
            headers.set(GRPC_MESSAGE, GrpcReply.message(text));
        }
    }

    /** @return the body, to be sent where the method has one */
    static HttpData plain(ResponseHeadersBuilder headers, LocalReplies.Said said) {
        HttpData content = HttpData.ofUtf8(said.text());
        if (content.isEmpty()) {
            headers.remove(HttpHeaderNames.CONTENT_LENGTH);
            headers.remove(HttpHeaderNames.CONTENT_TYPE);
            return content;
        }
        headers.set(HttpHeaderNames.CONTENT_LENGTH, String.valueOf(content.length()));
        if (said.contentType() != null) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, said.contentType());
        } else if (!headers.contains(HttpHeaderNames.CONTENT_TYPE)) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "text/plain");
        }
        return content;
    }
}
