package io.sluice.gateway.accesslog;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import com.google.common.primitives.Ints;
import com.linecorp.armeria.common.HttpHeaders;
import io.netty.util.NetUtil;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.xds.Problems;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Envoy's command operators: the one list of what a format may say. */
final class Commands {
    private Commands() {}

    private static final CharMatcher TOKEN =
            CharMatcher.inRange('a', 'z').or(CharMatcher.inRange('0', '9')).or(CharMatcher.anyOf(":!#$%&'*+-.^_`|~"));

    /** Only values that callers choose may be cut, as in Envoy. */
    private static final Set<String> CUTTABLE = Set.of("REQ", "RESP", "TRAILER", "ENVIRONMENT", "DYNAMIC_METADATA");

    /** @param length at most so many characters of the value are printed; null means all */
    static Optional<Command> parse(String name, @Nullable String argument, @Nullable String length, Problems problems) {
        String field = "%" + name + "%";
        if (length != null && !CUTTABLE.contains(name)) {
            return problems.expected(field, ":" + length, "no length");
        }
        int max = length == null ? Integer.MAX_VALUE : Ints.saturatedCast(Long.parseLong(length));
        return switch (name) {
            case "REQ" -> header(StreamInfo::requestHeaders, argument, max, problems.at(field));
            case "RESP" -> header(StreamInfo::responseHeaders, argument, max, problems.at(field));
            case "TRAILER" -> header(StreamInfo::responseTrailers, argument, max, problems.at(field));
            case "START_TIME" -> StartTime.parse(argument == null ? "" : argument, problems.at(field));
            case "ENVIRONMENT" -> environment(argument, max, problems.at(field));
            case "RESPONSE_CODE_DETAILS" -> details(argument);
            case "DYNAMIC_METADATA" -> MetadataCommand.parse(argument, max, problems.at(field));
            // no filter of ours leaves anything there, and an empty place is what Envoy shows then
            case "FILTER_STATE", "UPSTREAM_FILTER_STATE" ->
                argument == null || argument.isEmpty()
                        ? problems.at(field).expected("argument", "nothing", "(NAME)")
                        : Optional.of(info -> null);
            case "GRPC_STATUS" -> GrpcStatus.parse(argument == null ? "CAMEL_STRING" : argument, problems.at(field));
            case "GRPC_STATUS_NUMBER" -> GrpcStatus.parse("NUMBER", problems.at(field));
            default ->
                argument != null
                        ? problems.expected(field, "(" + argument + ")", "no argument")
                        : plain(name)
                                .or(() -> problems.expected(
                                        "format",
                                        field,
                                        "one of Envoy's commands that"
                                                + " armeria-gateway knows; see docs/xds-support.md"));
        };
    }

    private static Optional<Command> plain(String name) {
        return switch (name) {
            case "PROTOCOL" -> text(StreamInfo::protocol);
            case "RESPONSE_CODE" -> Optional.of(info -> (long) info.responseCode());
            case "RESPONSE_FLAGS" -> flags(ResponseFlag::name);
            case "RESPONSE_FLAGS_LONG" -> flags(ResponseFlag::longName);
            case "BYTES_RECEIVED" -> Optional.of(StreamInfo::bytesReceived);
            case "BYTES_SENT" -> Optional.of(StreamInfo::bytesSent);
            case "DURATION" -> millis(StreamInfo::startNanos, StreamInfo::endNanos);
            case "REQUEST_DURATION" -> millis(StreamInfo::startNanos, StreamInfo::requestEndNanos);
            case "REQUEST_TX_DURATION" -> millis(StreamInfo::startNanos, StreamInfo::upstreamLastRequestByteNanos);
            case "RESPONSE_DURATION" -> millis(StreamInfo::startNanos, StreamInfo::upstreamFirstResponseByteNanos);
            case "RESPONSE_TX_DURATION" -> millis(StreamInfo::upstreamFirstResponseByteNanos, StreamInfo::endNanos);
            case "DOWNSTREAM_REMOTE_ADDRESS" -> address(StreamInfo::downstreamRemoteAddress);
            case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" -> ip(StreamInfo::downstreamRemoteAddress);
            case "DOWNSTREAM_REMOTE_PORT" -> port(StreamInfo::downstreamRemoteAddress);
            case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS" -> address(StreamInfo::downstreamDirectRemoteAddress);
            case "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" -> ip(StreamInfo::downstreamDirectRemoteAddress);
            case "DOWNSTREAM_DIRECT_REMOTE_PORT" -> port(StreamInfo::downstreamDirectRemoteAddress);
            case "DOWNSTREAM_LOCAL_ADDRESS" -> address(StreamInfo::downstreamLocalAddress);
            case "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" -> ip(StreamInfo::downstreamLocalAddress);
            case "DOWNSTREAM_LOCAL_PORT" -> port(StreamInfo::downstreamLocalAddress);
            case "UPSTREAM_HOST", "UPSTREAM_REMOTE_ADDRESS" -> address(StreamInfo::upstreamAddress);
            case "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" -> ip(StreamInfo::upstreamAddress);
            case "UPSTREAM_REMOTE_PORT" -> port(StreamInfo::upstreamAddress);
            case "UPSTREAM_LOCAL_ADDRESS" -> address(StreamInfo::upstreamLocalAddress);
            case "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT" -> ip(StreamInfo::upstreamLocalAddress);
            case "UPSTREAM_LOCAL_PORT" -> port(StreamInfo::upstreamLocalAddress);
            case "UPSTREAM_CLUSTER" -> text(StreamInfo::upstreamCluster);
            case "UPSTREAM_CLUSTER_RAW" -> text(StreamInfo::upstreamCluster);
            case "ACCESS_LOG_TYPE" -> Optional.of(info -> "DownstreamEnd");
            case "CONNECTION_TERMINATION_DETAILS" -> Optional.of(info -> null);
            case "UPSTREAM_PROTOCOL" -> text(StreamInfo::upstreamProtocol);
            case "UPSTREAM_TRANSPORT_FAILURE_REASON" ->
                text(info -> info.upstreamTransportFailureReason().replace(' ', '_'));
            case "UPSTREAM_REQUEST_ATTEMPT_COUNT" -> Optional.of(info -> (long) info.attempts());
            case "ROUTE_NAME" -> text(StreamInfo::routeName);
            case "VIRTUAL_CLUSTER_NAME" -> text(StreamInfo::virtualClusterName);
            case "REQUESTED_SERVER_NAME" -> text(StreamInfo::requestedServerName);
            case "DOWNSTREAM_TLS_VERSION" -> tls(TlsSession::version);
            case "DOWNSTREAM_TLS_CIPHER" -> tls(TlsSession::cipher);
            case "DOWNSTREAM_TLS_SESSION_ID" -> tls(TlsSession::id);
            case "DOWNSTREAM_PEER_SUBJECT" -> peer(CertificateFacts::subject);
            case "DOWNSTREAM_PEER_ISSUER" -> peer(CertificateFacts::issuer);
            case "DOWNSTREAM_PEER_SERIAL" -> peer(CertificateFacts::serial);
            case "DOWNSTREAM_PEER_FINGERPRINT_256" -> peer(CertificateFacts::sha256);
            case "DOWNSTREAM_PEER_FINGERPRINT_1" -> peer(CertificateFacts::sha1);
            case "DOWNSTREAM_PEER_CERT" -> peer(CertificateFacts::urlEncodedPem);
            case "DOWNSTREAM_PEER_CERT_V_START" -> peer(CertificateFacts::begins);
            case "DOWNSTREAM_PEER_CERT_V_END" -> peer(CertificateFacts::ends);
            case "DOWNSTREAM_PEER_URI_SAN" -> peer(facts -> names(facts, NameKind.URI));
            case "DOWNSTREAM_PEER_DNS_SAN" -> peer(facts -> names(facts, NameKind.DNS));
            case "DOWNSTREAM_PEER_IP_SAN" -> peer(facts -> names(facts, NameKind.IP_ADDRESS));
            case "DOWNSTREAM_PEER_EMAIL_SAN" -> peer(facts -> names(facts, NameKind.EMAIL));
            case "DOWNSTREAM_LOCAL_SUBJECT" -> local(CertificateFacts::subject);
            case "DOWNSTREAM_LOCAL_URI_SAN" -> local(facts -> names(facts, NameKind.URI));
            case "DOWNSTREAM_LOCAL_DNS_SAN" -> local(facts -> names(facts, NameKind.DNS));
            case "DOWNSTREAM_LOCAL_IP_SAN" -> local(facts -> names(facts, NameKind.IP_ADDRESS));
            case "DOWNSTREAM_LOCAL_EMAIL_SAN" -> local(facts -> names(facts, NameKind.EMAIL));
            case "STREAM_ID" -> text(StreamInfo::requestId);
            case "TRACE_ID" -> text(StreamInfo::traceId);
            case "HOSTNAME" -> hostname();
            case "LOCAL_REPLY_BODY" -> Optional.of(StreamInfo::localReplyBody);
            default -> Optional.empty();
        };
    }

    private static Optional<Command> text(Function<StreamInfo, String> of) {
        return Optional.of(info -> {
            String value = of.apply(info);
            return value.isEmpty() ? null : value;
        });
    }

    private static Optional<Command> tls(Function<TlsSession, String> of) {
        return text(info -> {
            TlsSession session = info.tls();
            return session == null ? "" : of.apply(session);
        });
    }

    private static Optional<Command> peer(Function<CertificateFacts, String> of) {
        return tls(session -> session.peer().map(of).orElse(""));
    }

    private static Optional<Command> local(Function<CertificateFacts, String> of) {
        return tls(session -> session.own().map(of).orElse(""));
    }

    private static String names(CertificateFacts facts, NameKind kind) {
        return String.join(",", facts.names(kind));
    }

    private static Optional<Command> details(@Nullable String argument) {
        boolean asTheyAre = "ALLOW_WHITESPACES".equals(argument);
        return text(info -> asTheyAre
                ? info.responseCodeDetails()
                : CharMatcher.whitespace().replaceFrom(info.responseCodeDetails(), '_'));
    }

    /** None are a value, not a missing one. */
    private static Optional<Command> flags(Function<ResponseFlag, String> word) {
        return Optional.of(info -> info.responseFlags().isEmpty()
                ? "-" // Envoy's value, not a missing one
                : info.responseFlags().stream().map(word).collect(Collectors.joining(",")));
    }

    private static Optional<Command> millis(ToLongFunction<StreamInfo> from, ToLongFunction<StreamInfo> to) {
        return Optional.of(info -> {
            long start = from.applyAsLong(info);
            long end = to.applyAsLong(info);
            return start == 0 || end == 0 ? null : TimeUnit.NANOSECONDS.toMillis(end - start);
        });
    }

    private static Optional<Command> address(Function<StreamInfo, @Nullable InetSocketAddress> of) {
        return Optional.of(info -> {
            InetSocketAddress address = of.apply(info);
            if (address == null) {
                return null;
            }
            String ip = NetUtil.toAddressString(address.getAddress());
            return (ip.indexOf(':') >= 0 ? "[" + ip + "]" : ip) + ":" + address.getPort();
        });
    }

    private static Optional<Command> ip(Function<StreamInfo, @Nullable InetSocketAddress> of) {
        return Optional.of(info -> {
            InetSocketAddress address = of.apply(info);
            return address == null ? null : NetUtil.toAddressString(address.getAddress());
        });
    }

    private static Optional<Command> port(Function<StreamInfo, @Nullable InetSocketAddress> of) {
        return Optional.of(info -> {
            InetSocketAddress address = of.apply(info);
            return address == null ? null : (long) address.getPort();
        });
    }

    private static Optional<Command> header(
            Function<StreamInfo, ? extends @Nullable HttpHeaders> of,
            @Nullable String argument,
            int max,
            Problems problems) {
        String[] names =
                argument == null ? new String[0] : Ascii.toLowerCase(argument).split("\\?", -1);
        if (names.length == 0
                || names.length > 2
                || Stream.of(names).allMatch(String::isEmpty)
                || !Stream.of(names).allMatch(TOKEN::matchesAllOf)) {
            return problems.expected(
                    "argument", argument == null ? "nothing" : argument, "(HEADER) or (HEADER?ALTERNATIVE)");
        }
        String first = names[0];
        String second = names.length == 1 ? "" : names[1];
        return Optional.of(new HeaderCommand(of, first, second, max));
    }

    private record HeaderCommand(
            Function<StreamInfo, ? extends @Nullable HttpHeaders> of, String first, String second, int max)
            implements Command {
        private static final char LAST_ASCII = 0x7f;

        @Override
        public @Nullable Object value(StreamInfo info) {
            return text(info);
        }

        @Override
        public @Nullable Object readable(StreamInfo info) {
            String text = text(info);
            return text == null || CharMatcher.inRange('\0', LAST_ASCII).matchesAllOf(text)
                    ? text
                    : new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        }

        private @Nullable String text(StreamInfo info) {
            HttpHeaders headers = of.apply(info);
            if (headers == null) {
                return null;
            }
            String value = first.isEmpty() ? null : headers.get(first);
            if (value == null && !second.isEmpty()) {
                value = headers.get(second);
            }
            return value == null ? null : Ascii.truncate(value, max, "");
        }
    }

    private static Optional<Command> environment(@Nullable String variable, int max, Problems problems) {
        if (variable == null || variable.isEmpty()) {
            return problems.expected("argument", "nothing", "the name of an environment variable");
        }
        String value = System.getenv(variable);
        String shown = value == null ? "-" : Ascii.truncate(value, max, "");
        return Optional.of(info -> shown);
    }

    private static Optional<Command> hostname() {
        String name;
        try {
            name = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            name = null;
        }
        String shown = name;
        return Optional.of(info -> shown);
    }
}
