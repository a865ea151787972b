package io.sluice.gateway.filter.ratelimit;

import com.linecorp.armeria.common.RequestHeaders;
import io.netty.util.NetUtil;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.filter.Route;
import io.sluice.gateway.filter.RouteAction;
import io.sluice.gateway.filter.RouteAction.ClusterChoice;
import io.sluice.gateway.ratelimit.Descriptor;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What a route's rate limit says of a request: one entry of a descriptor each. Source: Envoy, {@code router_ratelimit.cc}. */
public sealed interface DescriptorAction {
    /** @return false where the request has nothing to say, which voids the whole descriptor */
    boolean describe(Exchange exchange, List<Descriptor.Entry> entries);

    record Fixed(String key, String value) implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            return entries.add(Descriptor.entry(key, value));
        }
    }

    record DestinationCluster() implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            String cluster = cluster(exchange);
            return !cluster.isEmpty() && entries.add(Descriptor.entry("destination_cluster", cluster));
        }
    }

    record RemoteAddress() implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            return entries.add(Descriptor.entry("remote_address", NetUtil.toAddressString(address(exchange))));
        }
    }

    /** @param v4Bits of the address that count */
    record MaskedRemoteAddress(int v4Bits, int v6Bits) implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            byte[] address = address(exchange).getAddress();
            int bits = address.length == 4 ? v4Bits : v6Bits;
            for (int i = 0; i < address.length; i++) {
                int kept = Math.max(0, Math.min(8, bits - 8 * i));
                address[i] &= (byte) (0xff << (8 - kept));
            }
            return entries.add(Descriptor.entry("masked_remote_address", text(address) + "/" + bits));
        }

        private static String text(byte[] address) {
            try {
                return NetUtil.toAddressString(InetAddress.getByAddress(address));
            } catch (UnknownHostException e) {
                throw new AssertionError(e); // only for lengths other than 4 and 16
            }
        }
    }

    record RequestHeader(String name, String key, boolean skipIfAbsent) implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            List<String> values = exchange.request().getAll(name);
            return values.isEmpty() ? skipIfAbsent : entries.add(Descriptor.entry(key, String.join(",", values)));
        }
    }

    record HeaderMatch(String key, String value, boolean expected, List<Predicate<RequestHeaders>> all)
            implements DescriptorAction {
        public HeaderMatch {
            all = List.copyOf(all);
        }

        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            RequestHeaders headers = exchange.request().build();
            boolean matches = all.stream().allMatch(test -> test.test(headers));
            return matches == expected && entries.add(Descriptor.entry(key, value));
        }
    }

    record QueryParameter(String name, String key, boolean skipIfAbsent) implements DescriptorAction {
        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            String value = first(exchange, name);
            return value == null ? skipIfAbsent : entries.add(Descriptor.entry(key, value));
        }

        /** Percent-decoded, as Envoy compares them here and nowhere else. */
        static @Nullable String first(Exchange exchange, String name) {
            String path = exchange.request().path();
            int question = path.indexOf('?');
            if (question < 0) {
                return null;
            }
            for (String pair : path.substring(question + 1).split("&")) {
                int equals = pair.indexOf('=');
                if (decode(equals < 0 ? pair : pair.substring(0, equals)).equals(name)) {
                    return equals < 0 ? "" : decode(pair.substring(equals + 1));
                }
            }
            return null;
        }

        private static String decode(String raw) {
            try {
                return raw.indexOf('%') < 0 ? raw : URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                return raw;
            }
        }
    }

    /**
     * A value that a filter before this one left, such as the authenticated caller.
     *
     * @param path inside the namespace
     * @param byDefault empty for none
     */
    record Metadata(String key, String namespace, List<String> path, String byDefault, boolean skipIfAbsent)
            implements DescriptorAction {
        public Metadata {
            path = List.copyOf(path);
        }

        @Override
        public boolean describe(Exchange exchange, List<Descriptor.Entry> entries) {
            Object found = exchange.metadata(namespace);
            for (String step : path) {
                found = found instanceof Map<?, ?> map ? map.get(step) : null;
            }
            String value = found instanceof String text && !text.isEmpty() ? text : byDefault;
            return value.isEmpty() ? skipIfAbsent : entries.add(Descriptor.entry(key, value));
        }
    }

    /** Where the route leads; empty where it leads to no cluster. */
    static String cluster(Exchange exchange) {
        Route route = exchange.route();
        if (route == null || !(route.action() instanceof RouteAction.Forward forward)) {
            return "";
        }
        return switch (forward.cluster()) {
            case ClusterChoice.Named named -> named.cluster();
            case ClusterChoice.FromHeader from -> exchange.request().get(from.header(), "");
            case ClusterChoice.Weighted weighted -> {
                ClusterChoice.Share share = exchange.share();
                yield share == null ? "" : share.cluster();
            }
        };
    }

    private static InetAddress address(Exchange exchange) {
        return exchange.downstreamRemoteAddress().getAddress();
    }
}
