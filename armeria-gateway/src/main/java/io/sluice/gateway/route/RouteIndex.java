package io.sluice.gateway.route;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the first route of a list that matches without trying each: exact paths by hash, prefixes by tree, and the few others one by one; what
 * they yield is tried in the order of the list.
 */
final class RouteIndex<T> {
    private static final int[] NONE = {};

    /** So many are tried one by one sooner than looked up. */
    private static final int FEW = 4;

    private final List<VirtualHost.Entry<T>> routes;
    private final Map<String, int[]> exact = new HashMap<>();
    private final PrefixTree prefixes = new PrefixTree();
    private int[] others = NONE;

    RouteIndex(List<VirtualHost.Entry<T>> routes) {
        this.routes = routes;
        for (int i = 0; i < routes.size(); i++) {
            int number = i;
            switch (routes.get(i).match().path()) {
                case PathMatcher.Exact e
                when e.caseSensitive() ->
                    exact.compute(e.value(), (path, numbers) -> append(numbers == null ? NONE : numbers, number));
                case PathMatcher.Prefix p when p.caseSensitive() -> prefixes.add(p.value(), number);
                case PathMatcher.SegmentPrefix s when s.caseSensitive() -> prefixes.add(s.value(), number);
                case PathMatcher.Exact e -> others = append(others, number);
                case PathMatcher.Prefix p -> others = append(others, number);
                case PathMatcher.SegmentPrefix s -> others = append(others, number);
                case PathMatcher.Regex r -> others = append(others, number);
                case PathMatcher.Template t -> others = append(others, number);
            }
        }
    }

    private static int[] append(int[] numbers, int number) {
        int[] more = Arrays.copyOf(numbers, numbers.length + 1);
        more[numbers.length] = number;
        return more;
    }

    VirtualHost.@Nullable Entry<T> find(RouteRequest request) {
        if (routes.size() <= FEW) {
            return scan(request);
        }
        Candidates candidates = new Candidates();
        int[] sameText = exact.get(request.path());
        if (sameText != null) {
            candidates.accept(sameText);
        }
        prefixes.visit(request.path(), candidates);
        if (others.length > 0) {
            candidates.accept(others);
        }
        for (int next = candidates.next(); next >= 0; next = candidates.next()) {
            VirtualHost.Entry<T> entry = routes.get(next);
            if (entry.match().matches(request)) {
                return entry;
            }
        }
        return null;
    }

    private VirtualHost.@Nullable Entry<T> scan(RouteRequest request) {
        for (VirtualHost.Entry<T> entry : routes) {
            if (entry.match().matches(request)) {
                return entry;
            }
        }
        return null;
    }

    /** Merges ascending lists; mostly there is one. */
    private static final class Candidates implements Consumer<int[]> {
        private int[] only = NONE;
        private int atOnly;
        private @Nullable List<int[]> lists;
        private int[] at = NONE;

        @Override
        public void accept(int[] numbers) {
            if (only.length == 0) {
                only = numbers;
                return;
            }
            if (lists == null) {
                lists = new ArrayList<>(4);
                lists.add(only);
                at = new int[4];
            }
            if (lists.size() == at.length) {
                at = Arrays.copyOf(at, at.length * 2);
            }
            lists.add(numbers);
        }

        int next() {
            return lists == null ? (atOnly < only.length ? only[atOnly++] : -1) : lowest(lists);
        }

        private int lowest(List<int[]> all) {
            int best = -1;
            int lowest = Integer.MAX_VALUE;
            for (int i = 0; i < all.size(); i++) {
                int[] numbers = all.get(i);
                if (at[i] < numbers.length && numbers[at[i]] < lowest) {
                    lowest = numbers[at[i]];
                    best = i;
                }
            }
            if (best < 0) {
                return -1;
            }
            at[best]++;
            return lowest;
        }
    }
}
