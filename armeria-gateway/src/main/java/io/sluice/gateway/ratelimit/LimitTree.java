package io.sluice.gateway.ratelimit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The limits of one domain, matched as Envoy's reference service matches: one level per descriptor entry, the exact value first, then
 * values with {@code *} in their order, then the key alone; only a node at the descriptor's own depth limits.
 */
public final class LimitTree {
    /** @param children by key */
    record Node(Optional<LimitRule> rule, Map<String, Level> children) {
        Node {
            children = Map.copyOf(children);
        }
    }

    /** What stands under one key of a level. */
    record Level(Map<String, Node> exact, List<Wildcard> wildcards, Optional<Node> any) {
        Level {
            exact = Map.copyOf(exact);
            wildcards = List.copyOf(wildcards);
        }

        private @Nullable Node find(String value) {
            Node node = exact.get(value);
            if (node != null) {
                return node;
            }
            for (Wildcard wildcard : wildcards) {
                if (wildcard.matches(value)) {
                    return wildcard.node();
                }
            }
            return any.orElse(null);
        }
    }

    /** @param parts the text around the stars; at least two */
    record Wildcard(List<String> parts, Node node) {
        Wildcard {
            parts = List.copyOf(parts);
        }

        static Wildcard of(String pattern, Node node) {
            var parts = new ArrayList<String>();
            int from = 0;
            for (int star = pattern.indexOf('*'); star >= 0; star = pattern.indexOf('*', from)) {
                parts.add(pattern.substring(from, star));
                from = star + 1;
            }
            parts.add(pattern.substring(from));
            return new Wildcard(parts, node);
        }

        boolean matches(String value) {
            String last = parts.get(parts.size() - 1);
            int at = parts.get(0).length();
            if (!value.startsWith(parts.get(0)) || value.length() < at + last.length() || !value.endsWith(last)) {
                return false;
            }
            int end = value.length() - last.length();
            for (String part : parts.subList(1, parts.size() - 1)) {
                int found = value.indexOf(part, at);
                if (found < 0 || found + part.length() > end) {
                    return false;
                }
                at = found + part.length();
            }
            return true;
        }
    }

    private final Node root;

    LimitTree(Node root) {
        this.root = root;
    }

    Optional<LimitRule> find(Descriptor descriptor) {
        Node node = root;
        for (Descriptor.Entry entry : descriptor.entries()) {
            Level level = node.children().get(entry.key());
            Node child = level == null ? null : level.find(entry.value());
            if (child == null) {
                return Optional.empty();
            }
            node = child;
        }
        return node.rule();
    }
}
