package dev.autodeploy.internal.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "gpt-4, gpt-4, true",
    "gpt-4, gpt-4o, false",
    "gpt-*, gpt-, true",
    "gpt-*, gpt-4o, true",
    "gpt-*, my-gpt-4, false",
    "*-4, gpt-4, true",
    "*-4, gpt-4o, false",
    "*, '', true",
    "**, x, true",
    "a*a, a, false",
    "a*a, aa, true",
    "a*b*c, a-b-b-c, true",
    "a*b*c, a-c-b, false",
    "a*bc*c, abc, false",
    "a*bc*c, abcc, true",
    "registry.example/*:v*, registry.example/team/voice:v2, true",
    "a.c, abc, false",
  })
  void matches_textsThatThePatternStandsFor(String pattern, String text, boolean expected) {
    assertThat(Glob.of(pattern).matches(text)).isEqualTo(expected);
  }

  @Test
  void matches_textOnWhichAnExpressionWouldNeverEnd_endsSoon() {
    Glob glob = Glob.of("llama*-instruct*-instruct*q4*q4*x");
    String text = "llama" + "-instruct".repeat(3_000) + "q4".repeat(15_000);

    assertTimeoutPreemptively(
        Duration.ofSeconds(5), () -> assertThat(glob.matches(text)).isFalse());
    assertThatCode(() -> glob.matches("")).doesNotThrowAnyException();
  }
}
