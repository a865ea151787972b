package io.sluice.gateway.wire;

import com.linecorp.armeria.common.HttpStatus;
import io.netty.util.AsciiString;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.filter.LocalReply;

/** The header in which the guard hands on what it found; whatever a caller sends under this name is replaced or removed. */
public final class WireMarks {
    /** Status and Envoy's details of a request that is not let in: {@code 400 http1.duplicate_host}. */
    public static final AsciiString REFUSAL = AsciiString.cached("x-sluice-wire-refusal");

    /** As Envoy answers CONNECT where no route takes it. */
    static final String NO_TUNNEL = "404 route_not_found";

    /** In place of the path of a request that could not be read; as logs write what is not there. */
    static final String NO_PATH = "-";

    /** Of these, the refusal whose answer has no text. */
    static final String MISSING_HOST = "400 missing_host_header";

    /** As Envoy answers a target that names its host, where none may. */
    static final String ABSOLUTE_TARGET = "404 absolute_path_rejected";

    private WireMarks() {}

    /** Envoy's codec takes visible ASCII only. */
    static boolean isPath(CharSequence path) {
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c <= ' ' || c >= 0x7f) {
                return false;
            }
        }
        return true;
    }

    public static boolean isMissingHost(String refusal) {
        return refusal.equals(MISSING_HOST);
    }

    /** Whether Envoy's codec would have let it pass, for the manager to refuse. */
    public static boolean isOfManager(String refusal) {
        return refusal.equals(MISSING_HOST) || refusal.equals(NO_TUNNEL) || refusal.equals(ABSOLUTE_TARGET);
    }

    /** What a refusal's answer says: as Envoy's codec answers, the status in words. */
    public static LocalReply reply(String refusal) {
        int space = refusal.indexOf(' ');
        HttpStatus status = HttpStatus.valueOf(Integer.parseInt(refusal, 0, space, 10));
        String details = refusal.substring(space + 1);
        if (refusal.equals(Refusal.HEADERS_TOO_SLOW.mark())) {
            return LocalReply.of(status.code(), "request header timeout", details);
        }
        if (refusal.equals(NO_TUNNEL)) {
            return LocalReply.of(status.code(), "", details, ResponseFlag.NR);
        }
        return isOfManager(refusal)
                ? LocalReply.of(status.code(), "", details)
                : LocalReply.of(status.code(), status.reasonPhrase(), details, ResponseFlag.DPE);
    }
}
