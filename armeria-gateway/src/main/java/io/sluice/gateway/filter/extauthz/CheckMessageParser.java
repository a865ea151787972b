package io.sluice.gateway.filter.extauthz;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext.HttpRequest;
import io.envoyproxy.envoy.service.auth.v3.AttributeContext.Peer;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.envoyproxy.envoy.service.auth.v3.DeniedHttpResponse;
import io.envoyproxy.envoy.service.auth.v3.OkHttpResponse;
import io.sluice.gateway.accesslog.CertificateFacts;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.extauthz.Verdict.Change;
import io.sluice.gateway.filter.extauthz.Verdict.Kind;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes Envoy's CheckRequest and reads its CheckResponse.
 *
 * @param allowed null for all headers
 * @param namespaces of the dynamic metadata that the service may know
 */
@SuppressWarnings("deprecation") // Envoy obeys the deprecated fields too
record CheckMessageParser(
        @Nullable HeaderNames allowed,
        HeaderNames disallowed,
        List<String> namespaces,
        boolean bodyAsBytes,
        boolean rawHeaders,
        boolean peerCertificate,
        boolean tlsSession) {
    static final String PARTIAL_BODY = "x-envoy-auth-partial-body";

    CheckMessageParser {
        namespaces = List.copyOf(namespaces);
    }

    byte[] request(Question question) {
        Exchange exchange = question.exchange();
        AttributeContext.Builder attributes = AttributeContext.newBuilder()
                .setSource(source(exchange))
                .setDestination(destination(exchange))
                .putAllContextExtensions(question.extensions())
                .setMetadataContext(metadata(exchange))
                .setRouteMetadataContext(Metadata.getDefaultInstance());
        attributes
                .getRequestBuilder()
                .setTime(Timestamp.newBuilder()
                        .setSeconds(exchange.startMicros() / 1_000_000)
                        .setNanos((int) (exchange.startMicros() % 1_000_000) * 1000))
                .setHttp(http(question));
        TlsSession tls = exchange.tls();
        if (tlsSession) {
            attributes.setTlsSession(
                    AttributeContext.TLSSession.newBuilder().setSni(tls == null ? "" : tls.serverName()));
        }
        return CheckRequest.newBuilder().setAttributes(attributes).build().toByteArray();
    }

    private Peer source(Exchange exchange) {
        Peer.Builder peer = Peer.newBuilder().setAddress(address(exchange.downstreamDirectRemoteAddress()));
        TlsSession tls = exchange.tls();
        Optional<CertificateFacts> certificate = tls == null ? Optional.empty() : tls.peer();
        certificate.ifPresent(facts -> peer.setPrincipal(principal(facts)));
        if (peerCertificate) {
            certificate.ifPresent(facts -> peer.setCertificate(facts.urlEncodedPem()));
        }
        return peer.setService(exchange.request().get("x-envoy-downstream-service-cluster", ""))
                .build();
    }

    private static Peer destination(Exchange exchange) {
        Peer.Builder peer = Peer.newBuilder().setAddress(address(exchange.downstreamLocalAddress()));
        TlsSession tls = exchange.tls();
        if (tls != null) {
            tls.own().ifPresent(facts -> peer.setPrincipal(principal(facts)));
        }
        return peer.build();
    }

    private static String principal(CertificateFacts facts) {
        List<String> uris = facts.names(NameKind.URI);
        if (!uris.isEmpty()) {
            return uris.getFirst();
        }
        List<String> names = facts.names(NameKind.DNS);
        return names.isEmpty() ? facts.subject() : names.getFirst();
    }

    private static Address address(InetSocketAddress address) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder()
                        .setAddress(address.getAddress().getHostAddress())
                        .setPortValue(address.getPort()))
                .build();
    }

    private Metadata metadata(Exchange exchange) {
        Metadata.Builder metadata = Metadata.newBuilder();
        for (String namespace : namespaces) {
            Map<String, @Nullable Object> values = exchange.metadata(namespace);
            if (!values.isEmpty()) {
                metadata.putFilterMetadata(namespace, struct(values));
            }
        }
        return metadata.build();
    }

    private static Struct struct(Map<?, ?> values) {
        Struct.Builder struct = Struct.newBuilder();
        values.forEach((name, value) -> struct.putFields((String) name, value(value)));
        return struct.build();
    }

    private static Value value(@Nullable Object value) {
        Value.Builder builder = Value.newBuilder();
        return switch (value) {
            case null -> builder.setNullValue(NullValue.NULL_VALUE).build();
            case String text -> builder.setStringValue(text).build();
            case Boolean yes -> builder.setBoolValue(yes).build();
            case Number number -> builder.setNumberValue(number.doubleValue()).build();
            case Map<?, ?> map -> builder.setStructValue(struct(map)).build();
            case List<?> list -> {
                ListValue.Builder items = ListValue.newBuilder();
                list.forEach(item -> items.addValues(value(item)));
                yield builder.setListValue(items).build();
            }
            default -> throw new IllegalArgumentException("not of a Struct: " + value.getClass());
        };
    }

    private HttpRequest http(Question question) {
        Exchange exchange = question.exchange();
        RequestHeadersBuilder headers = exchange.request();
        HttpRequest.Builder http = HttpRequest.newBuilder()
                .setId(Long.toUnsignedString(exchange.streamId()))
                .setMethod(headers.method().name())
                .setPath(headers.path())
                .setHost(headers.get(":authority", ""))
                .setScheme(exchange.isTls() ? "https" : "http")
                .setSize(exchange.bytesReceived())
                .setProtocol(exchange.protocol());
        Map<String, String> seen = new HashMap<>();
        HeaderMap.Builder raw = HeaderMap.newBuilder();
        headers(exchange, (name, value) -> {
            seen.merge(name, value, (before, next) -> before + "," + next);
            raw.addHeaders(HeaderValue.newBuilder()
                    .setKey(name)
                    .setRawValue(ByteString.copyFrom(value, StandardCharsets.ISO_8859_1)));
        });
        Question.Body body = question.body();
        if (body != null) {
            if (bodyAsBytes) {
                http.setRawBody(ByteString.copyFrom(body.bytes()));
            } else {
                http.setBody(utf8(body.bytes()));
            }
            seen.put(PARTIAL_BODY, String.valueOf(body.partial()));
            raw.addHeaders(HeaderValue.newBuilder()
                    .setKey(PARTIAL_BODY)
                    .setRawValue(ByteString.copyFromUtf8(String.valueOf(body.partial()))));
        }
        return rawHeaders
                ? http.setHeaderMap(raw).build()
                : http.putAllHeaders(seen).build();
    }

    /** Those that the service may see. */
    void headers(Exchange exchange, BiConsumer<String, String> each) {
        exchange.request().forEach((name, value) -> {
            String key = name.toString();
            if (!key.equals(PARTIAL_BODY) && !disallowed.contain(key) && (allowed == null || allowed.contain(key))) {
                each.accept(key, value);
            }
        });
    }

    /** With {@code !} for each byte that is none, as Envoy does. */
    private static String utf8(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(bytes))
                    .toString();
        } catch (java.nio.charset.CharacterCodingException e) {
            return new String(bytes, StandardCharsets.UTF_8).replace('\uFFFD', '!');
        }
    }

    // --- the answer

    static Verdict verdict(byte[] message) {
        CheckResponse response;
        try {
            response = CheckResponse.parseFrom(message);
        } catch (InvalidProtocolBufferException e) {
            return new Verdict.Failed(String.valueOf(e.getMessage()));
        }
        Map<String, @Nullable Object> metadata = map(
                response.hasOkResponse() && response.getOkResponse().hasDynamicMetadata()
                        ? response.getOkResponse().getDynamicMetadata()
                        : response.getDynamicMetadata());
        if (response.getStatus().getCode() != 0) {
            DeniedHttpResponse denied = response.getDeniedResponse();
            int status = denied.getStatus().getCodeValue();
            List<Map.Entry<String, String>> headers = new ArrayList<>();
            denied.getHeadersList()
                    .forEach(option -> headers.add(Map.entry(option.getHeader().getKey(), value(option.getHeader()))));
            return new Verdict.Denied(status == 0 ? 403 : status, headers, denied.getBody(), metadata);
        }
        OkHttpResponse ok = response.getOkResponse();
        List<Map.Entry<String, String>> parameters = new ArrayList<>();
        ok.getQueryParametersToSetList().forEach(set -> parameters.add(Map.entry(set.getKey(), set.getValue())));
        boolean wrong = ok.getResponseHeadersToAddList().stream().anyMatch(CheckMessageParser::isUnknown);
        return new Verdict.Allowed(
                changes(ok.getHeadersList(), true),
                ok.getHeadersToRemoveList(),
                parameters,
                ok.getQueryParametersToRemoveList(),
                changes(ok.getResponseHeadersToAddList(), false),
                metadata,
                wrong);
    }

    private static boolean isUnknown(HeaderValueOption option) {
        return !option.hasAppend() && option.getAppendAction() == HeaderValueOption.HeaderAppendAction.UNRECOGNIZED;
    }

    private static List<Change> changes(List<HeaderValueOption> options, boolean ofRequest) {
        List<Change> changes = new ArrayList<>();
        for (HeaderValueOption option : options) {
            kind(option, ofRequest)
                    .ifPresent(kind ->
                            changes.add(new Change(option.getHeader().getKey(), value(option.getHeader()), kind)));
        }
        return changes;
    }

    private static Optional<Kind> kind(HeaderValueOption option, boolean ofRequest) {
        if (ofRequest) { // Envoy looks at append alone
            return Optional.of(option.getAppend().getValue() ? Kind.APPEND_TO_EXISTING : Kind.SET);
        }
        if (option.hasAppend()) {
            return Optional.of(option.getAppend().getValue() ? Kind.ADD : Kind.SET);
        }
        return switch (option.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD -> Optional.of(Kind.ADD);
            case ADD_IF_ABSENT -> Optional.of(Kind.ADD_IF_ABSENT);
            case OVERWRITE_IF_EXISTS_OR_ADD -> Optional.of(Kind.SET);
            case OVERWRITE_IF_EXISTS -> Optional.of(Kind.OVERWRITE_IF_EXISTS);
            case UNRECOGNIZED -> Optional.empty();
        };
    }

    private static String value(HeaderValue header) {
        return header.getRawValue().isEmpty()
                ? header.getValue()
                : header.getRawValue().toString(StandardCharsets.ISO_8859_1);
    }

    private static Map<String, @Nullable Object> map(Struct struct) {
        Map<String, @Nullable Object> map = new HashMap<>();
        struct.getFieldsMap().forEach((name, value) -> map.put(name, object(value)));
        return map;
    }

    private static @Nullable Object object(Value value) {
        return switch (value.getKindCase()) {
            case NULL_VALUE, KIND_NOT_SET -> null;
            case NUMBER_VALUE -> value.getNumberValue();
            case STRING_VALUE -> value.getStringValue();
            case BOOL_VALUE -> value.getBoolValue();
            case STRUCT_VALUE -> map(value.getStructValue());
            case LIST_VALUE -> {
                List<@Nullable Object> items = new ArrayList<>();
                value.getListValue().getValuesList().forEach(item -> items.add(object(item)));
                yield items;
            }
        };
    }
}
