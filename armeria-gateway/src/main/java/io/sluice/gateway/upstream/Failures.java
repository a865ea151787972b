package io.sluice.gateway.upstream;

import io.sluice.gateway.accesslog.ResponseFlag;
import java.net.ConnectException;
import java.security.cert.CertificateException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Envoy's words for each way a call can fail. Source: Envoy source/common/router/router.cc, onUpstreamReset. */
final class Failures {
    static final UpstreamFailure NO_HEALTHY_UPSTREAM =
            new UpstreamFailure(503, "no healthy upstream", "no_healthy_upstream", Set.of(ResponseFlag.UH), "", false);
    static final UpstreamFailure TIMEOUT = new UpstreamFailure(
            504, "upstream request timeout", "response_timeout", Set.of(ResponseFlag.UT), "", false);
    static final UpstreamFailure PER_TRY_TIMEOUT = new UpstreamFailure(
            504, "upstream request timeout", "upstream_per_try_timeout", Set.of(ResponseFlag.UT), "", false);
    static final UpstreamFailure PER_TRY_IDLE_TIMEOUT = new UpstreamFailure(
            504, "upstream request timeout", "upstream_per_try_idle_timeout", Set.of(ResponseFlag.UT), "", false);
    static final UpstreamFailure BUFFER_OVERFLOW = new UpstreamFailure(
            507,
            "exceeded request buffer limit while retrying upstream",
            "request_payload_exceeded_retry_buffer_limit",
            Set.of(),
            "",
            false);

    private static final Pattern BORINGSSL =
            Pattern.compile("error:([0-9a-fA-F]{1,8}):(SSL routines:OPENSSL_internal:[A-Z0-9_]+)");

    private Failures() {}

    /**
     * @param retried whether tries went before, which the text says
     */
    static UpstreamFailure reset(ResetReason reason, String transportFailure, boolean responseBegun, boolean retried) {
        String body = "upstream connect error or disconnect/reset before headers. "
                + (retried ? "retried and the latest " : "")
                + "reset reason: "
                + reason.text();
        String details =
                (responseBegun ? "upstream_reset_after_response_started{" : "upstream_reset_before_response_started{")
                        + reason.text().replace(' ', '_')
                        + (transportFailure.isEmpty() ? "" : "|" + transportFailure.replace(' ', '_'))
                        + "}";
        ResponseFlag flag = flag(reason);
        return new UpstreamFailure(
                reason == ResetReason.PROTOCOL_ERROR ? 502 : 503,
                body,
                details,
                Set.of(flag),
                transportFailure,
                reason == ResetReason.OVERFLOW);
    }

    private static ResponseFlag flag(ResetReason reason) {
        return switch (reason) {
            case LOCAL_CONNECTION_FAILURE, REMOTE_CONNECTION_FAILURE, CONNECTION_TIMEOUT -> ResponseFlag.UF;
            case CONNECTION_TERMINATION -> ResponseFlag.UC;
            case LOCAL_RESET -> ResponseFlag.LR;
            case REMOTE_RESET, REMOTE_REFUSED_STREAM_RESET -> ResponseFlag.UR;
            case OVERFLOW -> ResponseFlag.UO;
            case PROTOCOL_ERROR -> ResponseFlag.UPE;
        };
    }

    /** BoringSSL's words in Envoy's frame, for the log and never for callers. */
    static String tlsText(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof CertificateException) {
                return "TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify cert failed: "
                        + at.getMessage() + ":TLS_error_end";
            }
            Matcher error = BORINGSSL.matcher(String.valueOf(at.getMessage()));
            if (error.find()) {
                return "TLS_error:|" + Long.parseLong(error.group(1), 16) + ":" + error.group(2) + ":TLS_error_end";
            }
        }
        return "TLS_error:";
    }

    /** The operating system's words, as far as Netty hands them on. */
    static String transportText(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof ConnectException && message.contains("refused")) {
            return "Connection refused";
        }
        int colon = message.indexOf(':');
        return colon < 0 ? message : message.substring(0, colon);
    }
}
