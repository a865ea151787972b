package io.sluice.sync.consul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConsulAddressTest {

    @Test
    void hasSafeDefaults() {
        assertThat(ConsulAddress.parse("consul://127.0.0.1:8500", ""))
                .isEqualTo(new ConsulAddress("127.0.0.1", 8500, Optional.empty(), false, false, 128, Optional.empty()));
    }

    @Test
    void readsEveryOption() {
        ConsulAddress address =
                ConsulAddress.parse("consul://consul.eu:1/?stale=true&all=true&connections=500&dc=eu%201", "t");

        assertThat(address)
                .isEqualTo(new ConsulAddress(
                        "consul.eu",
                        1,
                        Optional.of(new ConsulAddress.Token("t")),
                        true,
                        true,
                        500,
                        Optional.of("eu 1")));
        assertThat(address.name()).isEqualTo("consul://consul.eu:1?dc=eu 1");
        assertThat(address).asString().contains("***").doesNotContain("[t]");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            consul://                      | wrong (expected: consul://HOST:PORT)
            consul:127.0.0.1:8500          | wrong (expected: consul://HOST:PORT)
            consul://127.0.0.1             | wrong (expected: consul://HOST:PORT)
            consul://127.0.0.1:0           | wrong (expected: consul://HOST:PORT)
            consul://127.0.0.1:70000       | wrong (expected: consul://HOST:PORT)
            consul://a b:1                 | wrong (expected: consul://HOST:PORT)
            consul://me@127.0.0.1:8500     | wrong (expected: consul://HOST:PORT)
            consul://127.0.0.1:8500/kv     | wrong (expected: consul://HOST:PORT)
            consul://h:1?stale             | wrong (expected: true or false, not '')
            consul://h:1?all=yes           | wrong (expected: true or false, not 'yes')
            consul://h:1?connections=9     | wrong (expected: connections=10 or more)
            consul://h:1?connections=many  | wrong (expected: connections=10 or more)
            consul://h:1?dc=               | wrong (expected: dc=NAME)
            consul://h:1?conections=128    | unknown option 'conections' (expected: connections)
            """)
    void refuses(String address, String message) {
        assertThatThrownBy(() -> ConsulAddress.parse(address, ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--source " + address + ": " + message);
    }
}
