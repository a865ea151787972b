package io.sluice.gateway.route;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/** Measures, and asserts nothing: what a match costs, and building the index, with 10, 1,000 and 10,000 routes, by index and by plain scan. Run as a program. */
final class RouteTableSpeed {
    private static final int MATCHES = 1_000_000;
    private static final int ROUNDS = 12;

    private RouteTableSpeed() {}

    public static void main(String[] args) {
        System.out.println("routes   index ns   scan ns   built in ms");
        for (int routes : new int[] {10, 1_000, 10_000}) {
            List<VirtualHost.Entry<Integer>> entries = entries(routes);
            long began = cpuNanos();
            RouteTable<Integer> table = RouteTable.of(
                    List.of(new VirtualHost<>("all", List.of("*"), VirtualHost.TlsRequirement.NONE, entries)), false);
            double millis = (cpuNanos() - began) / 1e6;
            FakeRequest[] requests = requests(routes);
            double index = best(requests, MATCHES, request -> {
                Integer found = table.match(request);
                return found == null ? 0 : found;
            });
            double scan = best(requests, Math.max(2_000, MATCHES / routes), request -> {
                for (VirtualHost.Entry<Integer> entry : entries) {
                    if (entry.match().matches(request)) {
                        return entry.target();
                    }
                }
                return 0;
            });
            System.out.println(String.format(Locale.ROOT, "%6d %10.0f %9.0f %13.1f", routes, index, scan, millis));
        }
    }

    private static List<VirtualHost.Entry<Integer>> entries(int routes) {
        var entries = new ArrayList<VirtualHost.Entry<Integer>>();
        for (int i = 0; i < routes; i++) {
            PathMatcher path = Paths.of((i % 2 == 0 ? "exact:/team-" : "segment:/team-") + i % 37 + "/service-" + i);
            entries.add(new VirtualHost.Entry<>(new RouteMatch(path, List.of(), List.of(), false, null), i));
        }
        return entries;
    }

    private static FakeRequest[] requests(int routes) {
        FakeRequest[] requests = new FakeRequest[1_024];
        for (int i = 0; i < requests.length; i++) {
            int route = (int) ((i * 2_654_435_761L & 0x7fff_ffff) % routes);
            requests[i] = new FakeRequest(
                    "shop.test", "/team-" + route % 37 + "/service-" + route + (route % 2 == 0 ? "" : "/orders"));
        }
        return requests;
    }

    /** Of this thread, so that what others do on the machine counts less. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static double best(FakeRequest[] requests, int matches, ToIntFunction<FakeRequest> match) {
        double best = Double.MAX_VALUE;
        long sum = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = cpuNanos();
            for (int i = 0; i < matches; i++) {
                sum += match.applyAsInt(requests[i & (requests.length - 1)]);
            }
            best = Math.min(best, (double) (cpuNanos() - start) / matches);
        }
        if (sum == 42) {
            System.out.println();
        }
        return best;
    }
}
