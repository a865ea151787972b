package io.sluice.gateway.cluster.lb;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Envoy's Maglev table: endpoints, sorted by key, take free places in turn, each by a permutation of its own. Source: Envoy maglev_lb.cc. */
public final class MaglevTable implements HashBalancer {
    private final int[] table;

    /** @param size a prime number */
    public MaglevTable(List<Share> shares, int size) {
        table = shares.isEmpty() ? new int[0] : fill(shares, size);
    }

    private static int[] fill(List<Share> shares, int size) {
        List<Entry> entries = IntStream.range(0, shares.size())
                .boxed()
                .sorted(Comparator.comparing(i -> shares.get(i).key()))
                .map(i -> new Entry(i, shares.get(i), size))
                .toList();
        double most = shares.stream().mapToDouble(Share::weight).max().orElse(1);
        int[] table = new int[size];
        Arrays.fill(table, -1);
        int filled = 0;
        for (int turn = 1; filled < size; turn++) {
            for (int i = 0; i < entries.size() && filled < size; i++) {
                Entry entry = entries.get(i);
                if (turn * entry.weight < entry.target) {
                    continue;
                }
                entry.target += most;
                int place = entry.place(size);
                while (table[place] >= 0) {
                    entry.next++;
                    place = entry.place(size);
                }
                table[place] = entry.endpoint;
                entry.next++;
                filled++;
            }
        }
        return table;
    }

    private static final class Entry {
        private final int endpoint;
        private final double weight;
        private final long offset;
        private final long skip;
        private double target;
        private long next;

        Entry(int endpoint, Share share, int size) {
            this.endpoint = endpoint;
            weight = share.weight();
            byte[] key = share.key().getBytes(StandardCharsets.ISO_8859_1);
            offset = Long.remainderUnsigned(XxHash64.hash(key, 0), size);
            skip = Long.remainderUnsigned(XxHash64.hash(key, 1), size - 1) + 1;
        }

        int place(int size) {
            return (int) ((offset + skip * next) % size);
        }
    }

    @Override
    public int choose(long hash, int attempt) {
        if (table.length == 0) {
            return -1;
        }
        long turned = attempt == 0 ? hash : hash ^ (-1L - attempt + 1);
        return table[(int) Long.remainderUnsigned(turned, table.length)];
    }
}
