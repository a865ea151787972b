package io.sluice.gateway.listener;

import io.sluice.gateway.compile.ChainMatch;
import io.sluice.gateway.compile.ChainMatch.SourceType;
import io.sluice.gateway.route.AddressRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a connection's filter chain as Envoy does: question by question, each time the most specific answer, and never back to a less specific
 * one. Source: Envoy docs api-v3/config/listener/v3/listener_components.proto, FilterChainMatch.
 */
final class ChainChoice {
    private static final int NOT_FOR_IT = -1;
    private static final int WHOLE_NAME = Integer.MAX_VALUE;

    private ChainChoice() {}

    /**
     * What is known of a connection.
     *
     * @param serverName empty where none was asked for
     * @param transport {@code tls} or {@code raw_buffer}
     * @param applications in the caller's order
     */
    record Asked(
            InetSocketAddress local,
            InetSocketAddress remote,
            InetSocketAddress directRemote,
            String serverName,
            String transport,
            List<String> applications) {}

    /** @param matchOf what a chain asks for */
    static <C> @Nullable C of(List<C> chains, Function<C, ChainMatch> matchOf, Asked asked) {
        Left<C> left = new Left<>(chains, matchOf);
        int port = asked.local().getPort();
        left.keep(match -> match.destinationPort() == port ? 1 : match.destinationPort() == 0 ? 0 : NOT_FOR_IT);
        left.keep(match -> range(match.destinations(), asked.local().getAddress()));
        left.keep(match -> name(match.serverNames(), asked.serverName()));
        left.keep(match -> match.transport().equals(asked.transport())
                ? 1
                : match.transport().isEmpty() ? 0 : NOT_FOR_IT);
        left.keep(match -> application(match.applications(), asked.applications()));
        left.keep(match -> range(match.directSources(), asked.directRemote().getAddress()));
        left.keep(match -> sourceType(match.sourceType(), asked));
        left.keep(match -> range(match.sources(), asked.remote().getAddress()));
        left.keep(match -> match.sourcePorts().contains(asked.remote().getPort())
                ? 1
                : match.sourcePorts().isEmpty() ? 0 : NOT_FOR_IT);
        return left.first();
    }

    /** Chains that no question has ruled out. */
    private static final class Left<C> {
        private final Function<C, ChainMatch> matchOf;
        private List<C> chains;

        Left(List<C> chains, Function<C, ChainMatch> matchOf) {
            this.chains = chains;
            this.matchOf = matchOf;
        }

        /** Those that fit best. */
        void keep(ToIntFunction<ChainMatch> fit) {
            List<C> best = new ArrayList<>(chains.size());
            int most = 0;
            for (C chain : chains) {
                int how = fit.applyAsInt(matchOf.apply(chain));
                if (how > most) {
                    best.clear();
                    most = how;
                }
                if (how == most) {
                    best.add(chain);
                }
            }
            chains = best;
        }

        @Nullable
        C first() {
            return chains.isEmpty() ? null : chains.getFirst();
        }
    }

    private static int range(List<AddressRange> ranges, InetAddress address) {
        int most = ranges.isEmpty() ? 0 : NOT_FOR_IT;
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                most = Math.max(most, range.bits() + 1);
            }
        }
        return most;
    }

    private static int name(List<String> names, String asked) {
        if (names.isEmpty()) {
            return 0;
        }
        int most = NOT_FOR_IT;
        for (String name : names) {
            if (name.equals(asked)) {
                return WHOLE_NAME;
            }
            if (name.startsWith("*.") && asked.endsWith(name.substring(1))) {
                most = Math.max(most, name.length());
            }
        }
        return most;
    }

    private static int application(List<String> known, List<String> offered) {
        if (known.isEmpty()) {
            return 0;
        }
        for (int i = 0; i < offered.size(); i++) {
            if (known.contains(offered.get(i))) {
                return offered.size() - i;
            }
        }
        return NOT_FOR_IT;
    }

    private static int sourceType(SourceType type, Asked asked) {
        InetAddress remote = asked.remote().getAddress();
        boolean here = remote.isLoopbackAddress() || remote.equals(asked.local().getAddress());
        return switch (type) {
            case ANY -> 0;
            case SAME_IP_OR_LOOPBACK -> here ? 1 : NOT_FOR_IT;
            case EXTERNAL -> here ? NOT_FOR_IT : 1;
        };
    }
}
