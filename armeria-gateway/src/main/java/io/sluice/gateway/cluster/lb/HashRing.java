package io.sluice.gateway.cluster.lb;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Envoy's ketama ring: each endpoint stands on it as often as its share says, the one with the smallest share a whole number of times. Source:
 * Envoy ring_hash_lb.cc.
 */
public final class HashRing implements HashBalancer {
    private final long[] hashes;
    private final int[] endpoints;

    /** What places endpoints on the ring. */
    public enum Function {
        XX_HASH,
        MURMUR_HASH_2;

        private long hash(byte[] key) {
            return this == XX_HASH ? XxHash64.hash(key, 0) : MurmurHash2.hash(key);
        }
    }

    public HashRing(List<Share> shares, long minimumSize, long maximumSize, Function function) {
        List<Point> points = points(shares, minimumSize, maximumSize, function);
        points.sort(Comparator.comparing(Point::hash, Long::compareUnsigned));
        hashes = points.stream().mapToLong(Point::hash).toArray();
        endpoints = points.stream().mapToInt(Point::endpoint).toArray();
    }

    private record Point(long hash, int endpoint) {}

    private static List<Point> points(List<Share> shares, long minimumSize, long maximumSize, Function function) {
        double least = shares.stream().mapToDouble(Share::weight).min().orElse(1);
        double scale = Math.min(Math.ceil(least * minimumSize) / least, (double) maximumSize);
        List<Point> points = new ArrayList<>((int) Math.ceil(scale));
        double current = 0;
        double target = 0;
        for (int endpoint = 0; endpoint < shares.size(); endpoint++) {
            Share share = shares.get(endpoint);
            target += scale * share.weight();
            for (int i = 0; current < target; i++, current++) {
                byte[] key = (share.key() + "_" + i).getBytes(StandardCharsets.ISO_8859_1);
                points.add(new Point(function.hash(key), endpoint));
            }
        }
        return points;
    }

    public int size() {
        return hashes.length;
    }

    @Override
    public int choose(long hash, int attempt) {
        return hashes.length == 0 ? -1 : endpoints[(place(hash) + attempt) % hashes.length];
    }

    /** The first place whose hash is not below; behind the last one the first. */
    private int place(long hash) {
        int low = 0;
        int high = hashes.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(hashes[middle], hash) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == hashes.length ? 0 : low;
    }
}
