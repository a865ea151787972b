package io.sluice.gateway.cluster.lb;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.cluster.lb.HashBalancer.Share;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parts of which rings and tables are made. That whole rings and tables are Envoy's is shown by rows and by HashScenario. */
class HashBalancersTest {
    /** Vectors of the xxHash sources and of Envoy's hash_test.cc. */
    @ParameterizedTest(name = "xxHash64 of \"{0}\" with seed {1}")
    @CsvSource({
        "'', 0, ef46db3751d8e999",
        "a, 0, d24ec4f1a98c6e5b",
        "abc, 0, 44bc2cf5ad770999",
        "foo, 0, 33bf00a859c4ba3f",
        "'', 2654435761, ac75fda2929b17ef"
    })
    void hashesByXxHash(String text, long seed, String hash) {
        assertThat(Long.toHexString(XxHash64.hash(text, seed))).isEqualTo(hash.replaceFirst("^0+", ""));
    }

    @Test
    void hashesStripesAndWhatIsLeftOfThem() {
        String text = "0123456789".repeat(7);
        assertThat(IntStream.range(0, text.length()).mapToLong(i -> XxHash64.hash(text.substring(i))))
                .doesNotHaveDuplicates();
        assertThat(XxHash64.hash("Nobody inspects the spammish repetition")).isEqualTo(0xFBCEA83C8A378BF1L);
    }

    /** What {@code std::hash<std::string>} of libstdc++ says on a 64 bit machine. */
    @ParameterizedTest(name = "MurmurHash2 of \"{0}\"")
    @CsvSource({"hello, 2762169579135187400", "world, 8751027807033337960", "key-1234567, 8873742053007268343"})
    void hashesByMurmur(String text, long hash) {
        assertThat(MurmurHash2.hash(text.getBytes(StandardCharsets.US_ASCII))).isEqualTo(hash);
    }

    @Test
    void drawsTheNumbersOfCPlusPlus() {
        // C++ standard, rand.predef: the 10000th number of a default-constructed mt19937
        MersenneTwister random = new MersenneTwister(5489);
        int last = 0;
        for (int i = 0; i < 10_000; i++) {
            last = random.next();
        }
        assertThat(Integer.toUnsignedString(last)).isEqualTo("4123659995");
    }

    private static List<Share> shares(double... weights) {
        double all =
                IntStream.range(0, weights.length).mapToDouble(i -> weights[i]).sum();
        return IntStream.range(0, weights.length)
                .mapToObj(i -> new Share("host-" + i, weights[i] / all))
                .toList();
    }

    @ParameterizedTest(name = "weights {0}, {1} to {2}: {3} places")
    @CsvSource({
        "1 1 1, 1024, 8388608, 1026", // each a whole number of times
        "1 1 1, 3, 8388608, 3",
        "1 2 3, 12, 8388608, 12",
        "1 2 3, 7, 8388608, 12",
        "1 1 1, 1024, 100, 100", // the most stands over the least
    })
    void givesTheRingEnvoysSize(String weights, long minimum, long maximum, int size) {
        double[] each =
                Stream.of(weights.split(" ")).mapToDouble(Double::parseDouble).toArray();
        assertThat(new HashRing(shares(each), minimum, maximum, HashRing.Function.XX_HASH).size())
                .isEqualTo(size);
    }

    @Test
    void movesOnlyTheKeysOfTheOneThatLeaves() {
        for (boolean maglev : new boolean[] {true, false}) {
            List<Share> five = shares(1, 1, 1, 1, 1);
            List<Share> four = five.subList(0, 4).stream()
                    .map(share -> new Share(share.key(), 0.25))
                    .toList();
            HashBalancer before = balancer(maglev, five);
            HashBalancer after = balancer(maglev, four);
            long moved = IntStream.range(0, 10_000)
                    .mapToLong(i -> XxHash64.hash("key" + i))
                    .filter(hash -> before.choose(hash, 0) != 4 && before.choose(hash, 0) != after.choose(hash, 0))
                    .count();
            assertThat(moved).as("maglev %s", maglev).isLessThan(maglev ? 500 : 1);
        }
    }

    private static HashBalancer balancer(boolean maglev, List<Share> shares) {
        return maglev
                ? new MaglevTable(shares, 65_537)
                : new HashRing(shares, 200L * shares.size(), 8_388_608, HashRing.Function.XX_HASH);
    }

    @Test
    void choosesNobodyWhereNobodyIs() {
        assertThat(new MaglevTable(List.of(), 13).choose(7, 0)).isEqualTo(-1);
        assertThat(new HashRing(List.of(), 10, 20, HashRing.Function.XX_HASH).choose(7, 0))
                .isEqualTo(-1);
        assertThat(new BoundedLoad(new MaglevTable(List.of(), 13), List.of(), i -> 0, () -> 0, 120).choose(7, 0))
                .isEqualTo(-1);
    }

    @Test
    void goesOnFromAFullEndpointToOneThatIsNot() {
        List<Share> shares = shares(1, 1, 1);
        HashBalancer table = new MaglevTable(shares, 13);
        int first = table.choose(42, 0);
        int[] active = new int[3];
        HashBalancer bounded = new BoundedLoad(
                table, shares, i -> active[i], () -> IntStream.of(active).sum(), 100);
        assertThat(bounded.choose(42, 0)).isEqualTo(first);
        active[first] = 9;
        int second = bounded.choose(42, 0);
        assertThat(second).isNotEqualTo(first);
        assertThat(bounded.choose(42, 0)).as("the same again").isEqualTo(second);
        active[second] = 9;
        assertThat(bounded.choose(42, 0)).isNotIn(first, second);
    }
}
