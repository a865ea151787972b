package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import io.netty.util.AsciiString;
import io.sluice.gateway.compile.HttpConnectionManager;

/** What happens to the headers of every answer on their way out. Source: Envoy source/common/http/conn_manager_utility.cc, mutateResponseHeaders. */
final class ExitRules {
    private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
    private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");
    private static final int SWITCHING_PROTOCOLS = 101;

    private ExitRules() {}

    static void apply(HttpConnectionManager manager, ResponseHeadersBuilder headers, HttpDate date) {
        if (headers.status().code() != SWITCHING_PROTOCOLS) {
            headers.remove(HttpHeaderNames.CONNECTION);
            headers.remove(HttpHeaderNames.UPGRADE);
        }
        headers.remove(KEEP_ALIVE);
        headers.remove(PROXY_CONNECTION);
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
        switch (manager.serverHeader()) {
            case OVERWRITE -> headers.set(HttpHeaderNames.SERVER, manager.serverName());
            case APPEND_IF_ABSENT -> {
                if (!headers.contains(HttpHeaderNames.SERVER)) {
                    headers.set(HttpHeaderNames.SERVER, manager.serverName());
                }
            }
            case PASS_THROUGH -> {}
        }
        if (!headers.contains(HttpHeaderNames.DATE)) {
            headers.set(HttpHeaderNames.DATE, date.now());
        }
        if (manager.via() != null) {
            String before = headers.get(HttpHeaderNames.VIA);
            headers.set(HttpHeaderNames.VIA, before == null ? manager.via() : before + ", " + manager.via());
        }
    }
}
