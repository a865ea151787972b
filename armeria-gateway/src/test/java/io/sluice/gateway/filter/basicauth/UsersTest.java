package io.sluice.gateway.filter.basicauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsersTest {
    private static final String SECRET = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=";

    @ParameterizedTest(name = "{0}:{1} {2}")
    @CsvSource({"ann,secret,true", "ann,Secret,false", "ann,'',false", "bob,secret,false", "'',secret,false"})
    void knowsWhoHasThePassword(String name, String password, boolean known) {
        assertThat(Users.parse("# users\r\n\r\nann:" + SECRET + "\r\n").know(name, password))
                .isEqualTo(known);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            ann                      | line 1 (expected: name:{SHA}digest)
            :{SHA}x                  | line 1 (expected: name:{SHA}digest)
            ann:                     | line 1 (expected: name:{SHA}digest)
            ann:$2y$05$0123456789    | line 1 (expected: name:{SHA} and 28 letters of base64)
            ann:{SHA}!!!!!!!!!!!!!!!!!!!!!!!!!!!! | line 1: not base64
            """)
    void saysWhatIsWrongAndNoSecret(String line, String problem) {
        assertThatThrownBy(() -> Users.parse(line)).hasMessage(problem);
    }

    @Test
    void knowsAUserOnce() {
        assertThatThrownBy(() -> Users.parse("ann:" + SECRET + "\nann:" + SECRET))
                .hasMessage("line 2: a user for the second time");
    }
}
