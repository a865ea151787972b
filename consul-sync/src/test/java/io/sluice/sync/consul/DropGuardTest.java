package io.sluice.sync.consul;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.sync.consul.DropGuard.Verdict;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DropGuardTest {

    /** Steps: {@code 10} is an answer of that size, {@code 10!} one with which the catalog does not agree, {@code +2000} passes millis. */
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
        the first answer                          | 0                                        | believe
        a rise                                    | 2, 10                                    | believe
        a fall to half                            | 10, 5                                    | believe
        less than half: look again                | 10, 4                                    | again 0
        less than half, twice                     | 10, 4, 3                                 | believe
        the catalog contradicts: again            | 10, 4!, 4!                               | again 200
        the catalog contradicts: for however long | 10, 4!, +2000, 4!, +9000, 4!             | hold again 1000
        the catalog contradicts, then agrees      | 10, 4!, +9000, 4!, 4                     | believe
        a contradicted answer is mended           | 10, 4!, +9000, 4!, 5                     | believe
        a lie that the second look corrects       | 10, 0, 10                                | believe
        a second lie begins anew                  | 10, 0, 10, 0                             | again 0
        after an outage: look again later         | 10, interrupted, 4                       | again 2000
        after an outage: not earlier              | 10, interrupted, 4, +1900, 4             | again 200
        after an outage: it lasted                | 10, interrupted, 4, +2000, 4             | believe
        after an outage: gone for good            | 10, interrupted, 0, +2000, 0             | believe
        after an outage: the catalog has it still | 10, interrupted, 0, +2000, 0!            | hold again 1000
        after an outage: nothing is missing       | 10, interrupted, 5                       | believe
        and trust is back                         | 10, interrupted, 10, 4                   | again 0
        state lost: nothing says nothing          | 10, interrupted, forgotten, 0            | hold for ever
        state lost: for however long              | 10, interrupted, forgotten, 0, +999999, 0 | hold for ever
        state lost: a part may be the beginning   | 10, interrupted, forgotten, 0, +9000, 6  | hold again 2000
        state lost: more came                     | 10, interrupted, forgotten, 6, +2000, 7  | hold again 2000
        state lost: no more came                  | 10, interrupted, forgotten, 6, +2000, 6  | believe
        state lost: all is back                   | 10, interrupted, forgotten, 0, 10        | believe
        state lost: then emptied on purpose       | 10, interrupted, forgotten, 10, 0, 0     | believe
        state lost, after this was read again     | 10, interrupted, 10, forgotten, 0        | again 0
        """)
    void decides(String what, String steps, String expected) {
        DropGuard guard = new DropGuard();
        Verdict verdict = new Verdict.Hold();
        long millis = 0;
        for (String step : steps.split(", ")) {
            switch (step.charAt(0)) {
                case '+' -> millis += Long.parseLong(step.substring(1));
                case 'i' -> guard.interrupted();
                case 'f' -> guard.forgotten();
                default ->
                    verdict = guard.consider(
                            Integer.parseInt(step.replace("!", "")),
                            () -> !step.endsWith("!"),
                            Duration.ofMillis(millis).toNanos());
            }
        }
        String said = switch (verdict) {
            case Verdict.Believe believe -> "believe";
            case Verdict.ReadAgain again -> "again " + again.after().toMillis();
            case Verdict.Hold hold -> "for ever";
        };
        assertThat((guard.holding() ? "hold " : "") + said).as(what).isEqualTo(expected);
    }
}
