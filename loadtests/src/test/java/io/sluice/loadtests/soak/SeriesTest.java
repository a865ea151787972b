package io.sluice.loadtests.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SeriesTest {
    @ParameterizedTest(name = "{0} {1}: flat {2}")
    @CsvSource(delimiter = '|', textBlock = """
        THREADS | 20 20 20 20 20 20                | true
        THREADS | 20 21 19 22 23 22                | true
        THREADS | 20 21 22 24 25 26                | false
        THREADS | 20 20 90 20 20 20                | true
        THREADS | 26 25 24 22 21 20                | true
        TIMERS  | 150 200 250 300 350 400          | false
        TIMERS  | 1000 1050 1100 1150 1200 1250    | true
        HEAP    | 24 25 24 25 24 25 24 25 24       | true
        HEAP    | 24 25 26 27 28 29 30 31 32       | false
        HEAP    | 100 101 102 103 104 105 106 107  | true
        FDS     | 7                                | true
        """)
    void isFlatWhereTheEndIsNotAboveTheBeginning(Series series, String values, boolean flat) {
        List<Sample> samples = Arrays.stream(values.split(" "))
                .map(value -> new Sample(0, Map.of(series, Double.valueOf(value))))
                .toList();
        Series.Trend trend = series.trend(samples);
        assertThat(trend.flat()).as(trend.line()).isEqualTo(flat);
        assertThat(trend.line()).endsWith(flat ? "flat" : "GROWS");
    }
}
