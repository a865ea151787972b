package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import io.netty.util.NetUtil;
import io.sluice.gateway.compile.AddressRange;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.filter.LocalReply;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What happens to a request before it is matched: Envoy's rules for path, host, client address and the headers that only trusted callers may
 * send. Source: Envoy source/common/http/conn_manager_utility.cc and docs header_sanitizing.
 */
final class EntryRules {
    private static final AsciiString X_FORWARDED_FOR = AsciiString.cached("x-forwarded-for");
    private static final AsciiString X_FORWARDED_PROTO = AsciiString.cached("x-forwarded-proto");
    private static final AsciiString X_ENVOY_INTERNAL = AsciiString.cached("x-envoy-internal");
    private static final AsciiString X_ENVOY_EXTERNAL_ADDRESS = AsciiString.cached("x-envoy-external-address");
    private static final AsciiString KEEP_ALIVE = AsciiString.cached("keep-alive");
    private static final AsciiString PROXY_CONNECTION = AsciiString.cached("proxy-connection");
    private static final AsciiString X_REQUEST_ID = AsciiString.cached("x-request-id");
    private static final AsciiString VIA = AsciiString.cached("via");
    private static final List<AsciiString> ONLY_FROM_INSIDE = names(
            "x-envoy-retry-on",
            "x-envoy-retry-grpc-on",
            "x-envoy-max-retries",
            "x-envoy-upstream-alt-stat-name",
            "x-envoy-upstream-rq-timeout-alt-response",
            "x-envoy-upstream-rq-timeout-ms",
            "x-envoy-upstream-rq-per-try-timeout-ms",
            "x-envoy-expected-rq-timeout-ms",
            "x-envoy-force-trace",
            "x-envoy-ip-tags",
            "x-envoy-original-url",
            "x-envoy-hedge-on-per-try-timeout");

    private static final List<AsciiString> NOT_FROM_THE_EDGE = names(
            "x-envoy-decorator-operation", "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node");

    private EntryRules() {}

    private static List<AsciiString> names(String... names) {
        return Stream.of(names).map(AsciiString::cached).toList();
    }

    /**
     * @param refusal the answer where the request is not let in
     * @param remote the caller, as the rules derive it
     */
    record Outcome(@Nullable LocalReply refusal, InetSocketAddress remote, boolean tls, boolean internal) {}

    static Outcome apply(
            HttpConnectionManager manager, RequestHeadersBuilder headers, InetSocketAddress peer, boolean tls) {
        LocalReply refusal = underscores(manager, headers);
        if (refusal == null) {
            refusal = path(manager, headers);
        }
        host(manager, headers, tls);
        Client client = client(manager, headers, peer, tls);
        return new Outcome(refusal, client.address(), client.tls(), client.internal());
    }

    // --- headers, path, host

    private static @Nullable LocalReply underscores(HttpConnectionManager manager, RequestHeadersBuilder headers) {
        if (headers.size() - 4 > manager.maxHeaders()) {
            return LocalReply.of(431, "", "http1.too_many_headers");
        }
        if (manager.underscores() == HttpConnectionManager.Underscores.ALLOW) {
            return null;
        }
        for (AsciiString name : List.copyOf(headers.names())) {
            if (name.toString().indexOf('_') >= 0) {
                if (manager.underscores() == HttpConnectionManager.Underscores.REJECT_REQUEST) {
                    return LocalReply.of(400, "", "http1.unexpected_underscore");
                }
                headers.remove(name);
            }
        }
        return null;
    }

    private static @Nullable LocalReply path(HttpConnectionManager manager, RequestHeadersBuilder headers) {
        String path = headers.path();
        if (!path.startsWith("/")) {
            return LocalReply.of(404, "", "absolute_path_rejected");
        }
        if (path.indexOf('#') >= 0) {
            return LocalReply.of(400, "", "path_normalization_failed");
        }
        PathOptions.Result result = PathOptions.apply(manager, path);
        switch (result) {
            case PathOptions.Result.Same same -> {}
            case PathOptions.Result.Changed changed -> headers.path(changed.path());
            case PathOptions.Result.Redirected redirected -> {
                headers.path(redirected.path());
                return new LocalReply(
                        307,
                        "",
                        com.linecorp.armeria.common.HttpHeaders.of(HttpHeaderNames.LOCATION, redirected.path()),
                        java.util.Set.of(),
                        "path_normalization_failed",
                        null);
            }
            case PathOptions.Result.Refused refused -> {
                return LocalReply.of(400, "", "path_normalization_failed");
            }
        }
        return null;
    }

    private static void host(HttpConnectionManager manager, RequestHeadersBuilder headers, boolean tls) {
        String authority = headers.get(HttpHeaderNames.AUTHORITY, "");
        String host = authority;
        int colon = authority.lastIndexOf(':');
        if (colon > authority.lastIndexOf(']')) {
            String port = authority.substring(colon + 1);
            boolean strip = switch (manager.hostPort()) {
                case KEEP -> false;
                case STRIP_ANY -> true;
                case STRIP_MATCHING -> port.equals(tls ? "443" : "80");
            };
            if (strip) {
                host = authority.substring(0, colon);
            }
        }
        if (manager.stripTrailingDot()) {
            int end = host.lastIndexOf(':') > host.lastIndexOf(']') ? host.lastIndexOf(':') : host.length();
            if (end > 0 && host.charAt(end - 1) == '.') {
                host = host.substring(0, end - 1) + host.substring(end);
            }
        }
        if (!host.equals(authority)) {
            headers.authority(host);
        }
    }

    // --- the caller

    private record Client(InetSocketAddress address, boolean tls, boolean internal) {}

    private static Client client(
            HttpConnectionManager manager, RequestHeadersBuilder headers, InetSocketAddress peer, boolean tls) {
        dropHopByHop(headers);
        boolean trustedCaller = !manager.useRemoteAddress() || manager.trustedHops() > 0;
        InetAddress address = peer.getAddress();
        boolean fromHeader = false;
        boolean single = true;
        if (manager.useRemoteAddress()) {
            if (manager.trustedHops() > 0) {
                InetAddress named = fromXff(headers, manager.trustedHops() - 1);
                if (named != null) {
                    address = named;
                    fromHeader = true;
                }
            }
            single = !headers.contains(X_FORWARDED_FOR);
            if (!manager.skipXffAppend()) {
                InetAddress shown = peer.getAddress().isLoopbackAddress() ? OwnAddress.OF_MACHINE : peer.getAddress();
                append(headers, X_FORWARDED_FOR, shown.getHostAddress());
            }
        } else {
            InetAddress named = fromXff(headers, manager.trustedHops());
            if (named != null) {
                address = named;
                fromHeader = true;
            }
            single = !headers.get(X_FORWARDED_FOR, "").contains(",");
        }
        boolean internal = single && isInternal(manager.internalAddresses(), address);
        boolean edge = manager.useRemoteAddress() && !internal;
        String scheme = trustedCaller ? headers.get(X_FORWARDED_PROTO, "") : "";
        if (!scheme.equals("http") && !scheme.equals("https")) {
            scheme = tls ? "https" : "http";
            headers.set(X_FORWARDED_PROTO, scheme);
        }
        headers.scheme(scheme);
        if (internal) {
            headers.set(X_ENVOY_INTERNAL, "true");
        } else {
            headers.remove(X_ENVOY_INTERNAL);
        }
        if (!internal) {
            ONLY_FROM_INSIDE.forEach(headers::remove);
        }
        if (edge) {
            NOT_FROM_THE_EDGE.forEach(headers::remove);
            headers.set(X_ENVOY_EXTERNAL_ADDRESS, address.getHostAddress());
        }
        requestId(manager, headers, edge);
        if (manager.via() != null) {
            append(headers, VIA, manager.via());
        }
        return new Client(fromHeader ? new InetSocketAddress(address, 0) : peer, scheme.equals("https"), internal);
    }

    private static void dropHopByHop(RequestHeadersBuilder headers) {
        String te = headers.get(HttpHeaderNames.TE);
        if (te != null && !te.equalsIgnoreCase("trailers")) {
            headers.remove(HttpHeaderNames.TE);
        }
        if (!"websocket".equalsIgnoreCase(headers.get(HttpHeaderNames.UPGRADE))) {
            headers.remove(HttpHeaderNames.CONNECTION);
            headers.remove(HttpHeaderNames.UPGRADE);
        }
        headers.remove(KEEP_ALIVE);
        headers.remove(PROXY_CONNECTION);
        headers.remove(HttpHeaderNames.TRANSFER_ENCODING);
    }

    private static void requestId(HttpConnectionManager manager, RequestHeadersBuilder headers, boolean edge) {
        if (edge && !manager.preserveExternalRequestId()) {
            headers.remove(X_REQUEST_ID);
        }
        if (manager.generateRequestId() && !headers.contains(X_REQUEST_ID)) {
            headers.set(X_REQUEST_ID, uuid());
        }
    }

    /** A random UUID, version 4. {@link java.util.UUID#randomUUID} draws on a shared lock. */
    private static String uuid() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new java.util.UUID(
                        (random.nextLong() & 0xffff_ffff_ffff_0fffL) | 0x4000L,
                        (random.nextLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L)
                .toString();
    }

    /** The address {@code hops} from the right of x-forwarded-for; null where there is none or it is no address. */
    private static @Nullable InetAddress fromXff(RequestHeadersBuilder headers, int hops) {
        List<String> entries = new ArrayList<>();
        for (String value : headers.getAll(X_FORWARDED_FOR)) {
            entries.addAll(List.of(value.split(",")));
        }
        int at = entries.size() - 1 - hops;
        if (at < 0) {
            return null;
        }
        byte[] ip = NetUtil.createByteArrayFromIpAddressString(entries.get(at).strip());
        try {
            return ip == null ? null : InetAddress.getByAddress(ip);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + ip.length + " bytes", e);
        }
    }

    private static void append(RequestHeadersBuilder headers, AsciiString name, String value) {
        String before = headers.get(name);
        headers.set(name, before == null || before.isEmpty() ? value : before + "," + value);
    }

    private static boolean isInternal(List<AddressRange> ranges, InetAddress address) {
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }
}
