package io.sluice.gateway.ratelimit.service;

/** A call that ends with another status than OK. */
final class GrpcException extends RuntimeException {
    static final int UNKNOWN = 2;
    static final int NOT_FOUND = 5;
    static final int UNIMPLEMENTED = 12;
    static final int INTERNAL = 13;
    static final int UNAVAILABLE = 14;

    private final int status;

    GrpcException(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }
}
