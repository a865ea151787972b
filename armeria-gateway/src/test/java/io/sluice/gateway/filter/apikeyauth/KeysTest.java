package io.sluice.gateway.filter.apikeyauth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KeysTest {
    @Test
    void knowsAClientByHisWholeKeyOnly() {
        Keys keys = new Keys();
        assertThat(keys.add("kéy", "ann")).isTrue();
        assertThat(keys.add("kéy", "bob")).isFalse();
        assertThat(keys.client("kÃ©y")).as("as a header has its bytes").isEqualTo("ann");
        assertThat(keys.client("k")).isNull();
        assertThat(keys.client("")).isNull();
    }
}
