package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordHashTest {
  /** From the tests of the reference implementation, for the password "password". */
  private static final String REFERENCE =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ" + "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

  @Test
  void aHashOfTheReferenceImplementation_isUnderstood() {
    PasswordHash hash = PasswordHash.parse(REFERENCE);
    assertThat(hash.matches("password".toCharArray())).isTrue();
    assertThat(hash.matches("passwore".toCharArray())).isFalse();
    assertThat(hash).hasToString(REFERENCE);
  }

  @Test
  void aHash_isOfItsPasswordOnly_andNeverTheSameTwice() {
    PasswordHash hash = PasswordHash.of("correct horse 電池".toCharArray());
    PasswordHash again = PasswordHash.parse(hash.toString());
    assertThat(again.matches("correct horse 電池".toCharArray())).isTrue();
    assertThat(again.matches("correct horse 電地".toCharArray())).isFalse();
    assertThat(again.matches(new char[0])).isFalse();
    assertThat(PasswordHash.of("correct horse 電池".toCharArray()).toString())
        .isNotEqualTo(hash.toString());
    assertThat(hash.decoy().matches("correct horse 電池".toCharArray())).isFalse();
  }

  @Test
  void aShortPassword_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PasswordHash.of("seven77".toCharArray()))
        .withMessageContaining("8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "password",
        "$2y$10$abcdefghijklmnopqrstuv",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$short"
      })
  void anotherText_isRefused_andNotRepeated(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PasswordHash.parse(text))
        .withMessageContaining("a password hash")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("CTFhFdXPJO1aFaMaO6Mm5c8y7cJ"));
  }
}
