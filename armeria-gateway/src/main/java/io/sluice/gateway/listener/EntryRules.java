package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.AsciiString;
import io.netty.util.NetUtil;
import io.sluice.gateway.accesslog.ResponseFlag;
import io.sluice.gateway.compile.HttpConnectionManager;
import io.sluice.gateway.filter.LocalReply;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.upstream.OwnAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
    private static final AsciiString X_FORWARDED_PORT = AsciiString.cached("x-forwarded-port");
    private static final AsciiString X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER =
            AsciiString.cached("x-envoy-downstream-service-cluster");
    private static final AsciiString X_ENVOY_DOWNSTREAM_SERVICE_NODE =
            AsciiString.cached("x-envoy-downstream-service-node");
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
            "x-envoy-retriable-status-codes",
            "x-envoy-retriable-header-names",
            "x-envoy-upstream-alt-stat-name",
            "x-envoy-upstream-rq-timeout-alt-response",
            "x-envoy-upstream-rq-timeout-ms",
            "x-envoy-upstream-rq-per-try-timeout-ms",
            "x-envoy-expected-rq-timeout-ms",
            "x-envoy-force-trace",
            "x-envoy-ip-tags",
            "x-envoy-original-path",
            "x-envoy-original-url",
            "x-envoy-hedge-on-per-try-timeout");

    /** Of what the wire makes of a request line: {@code :method}, {@code :scheme} and {@code :path}. */
    private static final int PSEUDO_HEADERS_BUT_HOST = 3;

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
    record Outcome(@Nullable Refusal refusal, InetSocketAddress remote, boolean tls, boolean internal) {}

    /**
     * @param by which of Envoy's parts refuses: its codec closes the HTTP/1 connection and resets the HTTP/2 stream
     */
    record Refusal(LocalReply reply, By by) {
        enum By {
            CODEC,
            MANAGER
        }
    }

    /** @param connection where the caller reached us and by what */
    static Outcome apply(HttpConnectionManager manager, RequestHeadersBuilder headers, Connection connection) {
        Refusal refusal = codec(manager, headers, connection.http2());
        if (refusal == null) {
            refusal = path(manager, headers);
        }
        host(manager, headers, connection.local().getPort());
        boolean tls = connection.tls();
        InetSocketAddress peer = connection.peer();
        Client client = client(manager, headers, peer, tls, connection.local().getPort());
        return new Outcome(refusal, client.address(), client.tls(), client.internal());
    }

    // --- headers, path, host

    record Connection(InetSocketAddress peer, InetSocketAddress local, boolean tls, boolean http2) {}

    private static @Nullable Refusal codec(
            HttpConnectionManager manager, RequestHeadersBuilder headers, boolean http2) {
        String version = http2 ? "http2" : "http1";
        int notOnTheWire = http2 ? 0 : PSEUDO_HEADERS_BUT_HOST;
        if (headers.size() - notOnTheWire > manager.maxHeaders()) {
            return new Refusal(
                    LocalReply.of(
                            431, "Request Header Fields Too Large", version + ".too_many_headers", ResponseFlag.DPE),
                    Refusal.By.CODEC);
        }
        if (manager.underscores() == HttpConnectionManager.Underscores.ALLOW) {
            return null;
        }
        for (AsciiString name : List.copyOf(headers.names())) {
            if (name.toString().indexOf('_') >= 0) {
                if (manager.underscores() == HttpConnectionManager.Underscores.REJECT_REQUEST) {
                    return new Refusal(
                            LocalReply.of(400, "Bad Request", version + ".unexpected_underscore", ResponseFlag.DPE),
                            Refusal.By.CODEC);
                }
                headers.remove(name);
            }
        }
        return null;
    }

    private static @Nullable Refusal path(HttpConnectionManager manager, RequestHeadersBuilder headers) {
        String path = headers.path();
        if (!path.startsWith("/")) {
            return new Refusal(LocalReply.of(404, "", "absolute_path_rejected"), Refusal.By.MANAGER);
        }
        if (path.indexOf('#') >= 0) {
            return new Refusal(LocalReply.of(400, "", "path_normalization_failed"), Refusal.By.MANAGER);
        }
        PathOptions.Result result = PathOptions.apply(manager, path);
        switch (result) {
            case PathOptions.Result.Same same -> {}
            case PathOptions.Result.Changed changed -> headers.path(changed.path());
            case PathOptions.Result.Redirected redirected -> {
                headers.path(redirected.path());
                LocalReply reply = new LocalReply(
                        307,
                        "",
                        HttpHeaders.of(HttpHeaderNames.LOCATION, redirected.path()),
                        Set.of(),
                        "path_normalization_failed",
                        null);
                return new Refusal(reply, Refusal.By.MANAGER);
            }
            case PathOptions.Result.Refused refused -> {
                return new Refusal(LocalReply.of(400, "", "path_normalization_failed"), Refusal.By.MANAGER);
            }
        }
        return null;
    }

    private static void host(HttpConnectionManager manager, RequestHeadersBuilder headers, int listenerPort) {
        String authority = headers.get(HttpHeaderNames.AUTHORITY, "");
        String host = authority;
        int colon = authority.lastIndexOf(':');
        if (colon > authority.lastIndexOf(']')) {
            boolean strip = switch (manager.hostPort()) {
                case KEEP -> false;
                case STRIP_ANY -> true;
                case STRIP_MATCHING -> authority.substring(colon + 1).equals(Integer.toString(listenerPort));
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
            HttpConnectionManager manager,
            RequestHeadersBuilder headers,
            InetSocketAddress peer,
            boolean tls,
            int localPort) {
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
                append(headers, X_FORWARDED_FOR, ",", NetUtil.toAddressString(shown));
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
        if (scheme.isEmpty()) {
            headers.set(X_FORWARDED_PROTO, tls ? "https" : "http");
        }
        if (!scheme.equals("http") && !scheme.equals("https")) {
            scheme = tls ? "https" : "http";
        }
        String overwritten = manager.forwarded().scheme();
        if (overwritten != null) {
            scheme = overwritten;
            headers.set(X_FORWARDED_PROTO, scheme);
        }
        headers.scheme(scheme);
        if (manager.forwarded().port() && !(trustedCaller && headers.contains(X_FORWARDED_PORT))) {
            headers.set(X_FORWARDED_PORT, String.valueOf(localPort));
        }
        if (internal) {
            headers.set(X_ENVOY_INTERNAL, "true");
        } else {
            headers.remove(X_ENVOY_INTERNAL);
        }
        if (!internal) {
            ONLY_FROM_INSIDE.forEach(headers::remove);
            manager.internalOnlyHeaders().forEach(headers::remove);
        }
        if (edge) {
            NOT_FROM_THE_EDGE.forEach(headers::remove);
            headers.set(X_ENVOY_EXTERNAL_ADDRESS, NetUtil.toAddressString(address));
        }
        requestId(manager, headers, edge);
        introduce(manager.forwarded().node(), headers);
        if (manager.via() != null) {
            append(headers, VIA, ", ", manager.via());
        }
        return new Client(fromHeader ? new InetSocketAddress(address, 0) : peer, scheme.equals("https"), internal);
    }

    private static void introduce(HttpConnectionManager.@Nullable LocalNode node, RequestHeadersBuilder headers) {
        if (node == null) {
            return;
        }
        if (headers.get(HttpHeaderNames.USER_AGENT, "").isEmpty()) {
            headers.set(HttpHeaderNames.USER_AGENT, node.cluster());
        }
        headers.set(X_ENVOY_DOWNSTREAM_SERVICE_CLUSTER, node.cluster());
        if (!node.id().isEmpty()) {
            headers.set(X_ENVOY_DOWNSTREAM_SERVICE_NODE, node.id());
        }
    }

    private static void dropHopByHop(RequestHeadersBuilder headers) {
        String te = headers.get(HttpHeaderNames.TE);
        if (te != null && !te.equalsIgnoreCase("trailers")) {
            headers.remove(HttpHeaderNames.TE);
        }
        if (!headers.contains(HttpHeaderNames.UPGRADE)) {
            headers.remove(HttpHeaderNames.CONNECTION);
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

    private static void append(RequestHeadersBuilder headers, AsciiString name, String comma, String value) {
        String before = headers.get(name);
        headers.set(name, before == null || before.isEmpty() ? value : before + comma + value);
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
