package io.sluice.gateway.listener;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.RequestHeadersBuilder;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that somebody asks about.
 *
 * @param port 0 where the URL names none and its scheme has none
 * @param from the caller's address
 * @param listener the only one asked; else those on the URL's port, else all
 */
public record Question(RequestHeaders headers, boolean tls, int port, InetAddress from, Optional<String> listener) {
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;

    /**
     * @param headers {@code name: value}
     * @param from an address; null for this machine
     * @throws IllegalArgumentException saying what was wrong and what would have been right
     */
    public static Question of(
            String method, String url, List<String> headers, @Nullable String from, Optional<String> listener) {
        URI uri = uri(url);
        boolean tls = "https".equalsIgnoreCase(uri.getScheme());
        String path = (uri.getRawPath().isEmpty() ? "/" : uri.getRawPath())
                + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        HttpMethod known = HttpMethod.tryParse(method);
        if (known == null) {
            throw new IllegalArgumentException("method: '" + method + "' (expected: GET, POST, ...)");
        }
        RequestHeadersBuilder builder = RequestHeaders.builder(known, path)
                .scheme(tls ? "https" : "http")
                .authority(uri.getRawAuthority());
        for (String header : headers) {
            add(builder, header);
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
        return new Question(builder.build(), tls, port, address(from), listener);
    }

    private static URI uri(String url) {
        try {
            URI uri = new URI(url);
            if (("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
                    && uri.getRawAuthority() != null
                    && uri.getRawUserInfo() == null
                    && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // said below
        }
        throw new IllegalArgumentException("url: '" + url + "' (expected: http://HOST[:PORT]/PATH or https://...)");
    }

    /** A host given as a header is the request's, as in HTTP/1. */
    private static void add(RequestHeadersBuilder builder, String header) {
        int colon = header.indexOf(':', 1);
        String name = colon < 0 ? "" : header.substring(0, colon).strip();
        String value = header.substring(colon + 1).strip();
        try {
            if (name.equalsIgnoreCase("host")) {
                builder.authority(value);
            } else if (name.isEmpty() || name.startsWith(":")) {
                throw new IllegalArgumentException("no name");
            } else {
                builder.add(HttpHeaderNames.of(name), value);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("header: '" + header + "' (expected: name:value)", e);
        }
    }

    private static InetAddress address(@Nullable String from) {
        byte[] bytes = from == null
                ? InetAddress.getLoopbackAddress().getAddress()
                : NetUtil.createByteArrayFromIpAddressString(from);
        try {
            if (bytes != null) {
                return InetAddress.getByAddress(bytes);
            }
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
        throw new IllegalArgumentException("from: '" + from + "' (expected: an IP address)");
    }
}
