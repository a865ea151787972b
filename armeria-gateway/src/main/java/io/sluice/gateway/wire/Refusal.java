package io.sluice.gateway.wire;

/**
 * Why a message is not let in: Envoy's answer to it, where Envoy has one, and the rule's name for the metric. What Envoy lets pass and we do not
 * gets the answer that Envoy gives to its like.
 */
public enum Refusal {
    REQUEST_LINE(400, "http1.codec_error"),
    VERSION(426, "low_version"),
    TARGET(400, "http1.invalid_url"),
    SCHEME(400, "http1.invalid_scheme"),
    HOST(400, "http.invalid_authority"),
    DUPLICATE_HOST(400, "http1.duplicate_host"),
    HEADER_LINE(400, "http1.codec_error"),
    HEADER_BYTE(400, "http1.invalid_characters"),
    FOLDED_HEADER(400, "http1.codec_error"),
    LINE_END(400, "http1.codec_error"),
    CONNECTION(400, "http1.connection_header_rejected"),
    CONTENT_LENGTH(400, "http1.codec_error"),
    TRANSFER_ENCODING(501, "http1.invalid_transfer_encoding"),
    LENGTH_BESIDE_CHUNKS(400, "http1.content_length_and_chunked_not_allowed"),
    FRAMING_TWIN(400, "http1.unexpected_underscore"),
    HEADERS_TOO_LARGE(431, "http1.headers_too_large"),
    BODY_OF_CONNECT(400, "http1.body_disallowed"),
    CHUNK(400, "http1.codec_error"),
    TRAILER(400, "http1.codec_error"),
    HEADERS_TOO_SLOW(408, "request_header_timeout"),

    /** Of a header block in HTTP/2; costs its stream, without an answer. */
    HTTP2_FIELDS(400, "http2.violation.of.messaging.rule");

    private final String mark;

    Refusal(int status, String details) {
        mark = status + " " + details;
    }

    /** As {@link WireMarks#REFUSAL} says it. */
    public String mark() {
        return mark;
    }
}
