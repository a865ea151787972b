package io.sluice.gateway.filter;

import java.nio.charset.StandardCharsets;

/** How a local reply reads to a gRPC caller. Source: Envoy source/common/grpc/common.cc. */
public final class GrpcReply {
    private GrpcReply() {}

    public static int status(int httpStatus) {
        return switch (httpStatus) {
            case 400 -> 13;
            case 401 -> 16;
            case 403 -> 7;
            case 404 -> 12;
            case 429, 502, 503, 504 -> 14;
            default -> 2;
        };
    }

    /** Percent-encoded as gRPC wants it: printable ASCII but {@code %} stays. */
    public static String message(String body) {
        StringBuilder out = new StringBuilder(body.length());
        for (byte b : body.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b <= '~' && b != '%') {
                out.append((char) b);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit((b >> 4) & 15, 16)))
                        .append(Character.toUpperCase(Character.forDigit(b & 15, 16)));
            }
        }
        return out.toString();
    }
}
