package io.sluice.sync.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceTest {
    /** An instance a letter: passing, warning, critical, maintenance, 0 for one of weight 0. */
    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
        ppp        | ppp
        pwc        | pw
        pc         | p
        pcc        | p
        pccc       | p
        pcccc      | p
        pccccc     | pccccc
        wcccc      | w
        c          | c
        cc         | cc
        m          | ''
        cm         | c
        mmmmmmpc   | p
        ccccc0     | ccccc
        pccc000    | p
        ''         | ''
        """)
    void isAskedWhereItIsWellOrHardlyAnybodyIs(String instances, String asked) {
        List<Instance> all = new ArrayList<>();
        for (int i = 0; i < instances.length(); i++) {
            all.add(instance(i, instances.charAt(i)));
        }
        Service service = new Service("s", ServicePolicy.DEFAULT, all);
        assertThat(service.asked().stream()
                        .map(instance ->
                                instance.health().name().substring(0, 1).toLowerCase(Locale.ROOT))
                        .sorted()
                        .collect(Collectors.joining()))
                .isEqualTo(asked.chars().sorted().mapToObj(Character::toString).collect(Collectors.joining()));
        assertThat(service.checksAreDoubted()).isEqualTo(asked.contains("c"));
    }

    private static Instance instance(int id, char kind) {
        Health health = switch (kind) {
            case 'w' -> Health.WARNING;
            case 'c' -> Health.CRITICAL;
            case 'm' -> Health.MAINTENANCE;
            default -> Health.PASSING;
        };
        return new Instance("i" + id, "127.0.0.1", 1 + id, kind == '0' ? 0 : 1, health, "", "", Map.of(), List.of());
    }
}
