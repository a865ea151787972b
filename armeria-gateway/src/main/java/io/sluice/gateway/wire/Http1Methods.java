package io.sluice.gateway.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Those that Envoy's parser knows. Source: Envoy source/common/http/http1/balsa_parser.cc, kValidMethods. */
final class Http1Methods {
    /** The usual ones first. */
    private static final List<String> NAMES = List.of(
            "GET",
            "POST",
            "PUT",
            "HEAD",
            "DELETE",
            "OPTIONS",
            "PATCH",
            "ACL",
            "BIND",
            "CHECKOUT",
            "CONNECT",
            "COPY",
            "LINK",
            "LOCK",
            "MERGE",
            "MKACTIVITY",
            "MKCALENDAR",
            "MKCOL",
            "MOVE",
            "M-SEARCH",
            "NOTIFY",
            "PROPFIND",
            "PROPPATCH",
            "PURGE",
            "REBIND",
            "REPORT",
            "SEARCH",
            "SOURCE",
            "SUBSCRIBE",
            "TRACE",
            "UNBIND",
            "UNLINK",
            "UNLOCK",
            "UNSUBSCRIBE");

    private Http1Methods() {}

    /** @return null where it is none of them; methods are told apart by case */
    static @Nullable String name(byte[] bytes, int from, int to) {
        for (String name : NAMES) {
            if (is(name, bytes, from, to)) {
                return name;
            }
        }
        return null;
    }

    private static boolean is(String name, byte[] bytes, int from, int to) {
        if (name.length() != to - from) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (bytes[from + i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
