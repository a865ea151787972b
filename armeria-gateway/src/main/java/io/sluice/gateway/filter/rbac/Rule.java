package io.sluice.gateway.filter.rbac;

import com.linecorp.armeria.common.RequestHeaders;
import io.sluice.gateway.accesslog.CertificateFacts.NameKind;
import io.sluice.gateway.accesslog.TlsSession;
import io.sluice.gateway.filter.Exchange;
import io.sluice.gateway.route.AddressRange;
import io.sluice.gateway.route.MetadataMatcher;
import io.sluice.gateway.route.ValueMatcher;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What a permission or a principal says of a request. */
sealed interface Rule {
    boolean matches(Exchange exchange);

    record Any() implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return true;
        }
    }

    record And(List<Rule> all) implements Rule {
        public And {
            all = List.copyOf(all);
        }

        @Override
        public boolean matches(Exchange exchange) {
            for (Rule rule : all) {
                if (!rule.matches(exchange)) {
                    return false;
                }
            }
            return true;
        }
    }

    record Or(List<Rule> any) implements Rule {
        public Or {
            any = List.copyOf(any);
        }

        @Override
        public boolean matches(Exchange exchange) {
            for (Rule rule : any) {
                if (rule.matches(exchange)) {
                    return true;
                }
            }
            return false;
        }
    }

    record Not(Rule rule) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return !rule.matches(exchange);
        }
    }

    record Header(Predicate<RequestHeaders> test) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return test.test(exchange.requestHeaders());
        }
    }

    /** Without query and fragment. */
    record Path(ValueMatcher value) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            String path = exchange.request().path();
            int end = 0;
            while (end < path.length() && path.charAt(end) != '?' && path.charAt(end) != '#') {
                end++;
            }
            return value.matches(path.substring(0, end));
        }
    }

    record LocalAddress(AddressRange range) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return range.contains(exchange.downstreamLocalAddress().getAddress());
        }
    }

    /** From {@code start} up to but not {@code end}. */
    record LocalPort(int start, int end) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            int port = exchange.downstreamLocalAddress().getPort();
            return port >= start && port < end;
        }
    }

    record ServerName(ValueMatcher value) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return value.matches(exchange.requestedServerName());
        }
    }

    /** The peer of the connection, whatever headers say. */
    record Peer(AddressRange range) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return range.contains(exchange.downstreamDirectRemoteAddress().getAddress());
        }
    }

    /** The caller as the XFF rules say. */
    record Caller(AddressRange range) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return range.contains(exchange.downstreamRemoteAddress().getAddress());
        }
    }

    /** What filters before this one found out. */
    record Metadata(MetadataMatcher matcher) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            return matcher.matches(exchange.dynamicMetadata(matcher.filter()));
        }
    }

    /**
     * Who came over TLS, by the names in the certificate: URIs, then DNS names, then its subject.
     *
     * @param name null for any
     */
    record Authenticated(@Nullable ValueMatcher name) implements Rule {
        @Override
        public boolean matches(Exchange exchange) {
            TlsSession tls = exchange.tls();
            if (tls == null || name == null) {
                return tls != null;
            }
            return tls.peer()
                    .map(peer -> any(peer.names(NameKind.URI))
                            || any(peer.names(NameKind.DNS))
                            || name.matches(peer.subject()))
                    .orElseGet(() -> name.matches(""));
        }

        private boolean any(List<String> names) {
            return name != null && names.stream().anyMatch(name::matches);
        }
    }
}
