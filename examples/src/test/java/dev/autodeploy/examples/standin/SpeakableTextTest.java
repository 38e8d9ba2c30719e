package dev.autodeploy.examples.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SpeakableTextTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "How about playing?|How about playing?",
        "don\u2019t|don't",
        "\u201Cwell\u201D|\"well\"",
        "caf\u00E9 na\u00EFve|cafe naive",
        "cafe\u0301|cafe",
        "wait\u2026|wait...",
        "yes\u2014no|yes, no",
        "\uFF28\uFF29|HI",
        "stra\u00DFe|strasse",
        "\u0663 cats|3 cats",
        "sunny \u2600\uFE0F day|sunny   day",
        "great \uD83D\uDE0A day|great   day"
      })
  void of_textForAnEnglishVoice_isMadePlain(String text, String plain) throws Exception {
    assertThat(SpeakableText.of(text)).isEqualTo(plain);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\u4ECA\u5929\u5929\u6C23\u771F\u597D", "Hello \u4E16\u754C", "[:\u3105\u3106]"})
  void of_anotherScript_isRefusedAndSaysWhoseLimitItIs(String text) {
    assertThatExceptionOfType(UnspeakableTextException.class)
        .isThrownBy(() -> SpeakableText.of(text))
        .withMessageContaining("stand-in")
        .withMessageContaining("English only");
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!!", "\uD83D\uDE0A", "- - -"})
  void of_textWithoutAWord_isRefused(String text) {
    assertThatExceptionOfType(UnspeakableTextException.class)
        .isThrownBy(() -> SpeakableText.of(text))
        .withMessageContaining("no word");
  }

  @Test
  void of_severalLines_becomesOne() throws Exception {
    assertThat(SpeakableText.of("first\r\nsecond\tthird")).isEqualTo("first  second third");
  }

  @Test
  void of_textBeyondTheLimit_isRefusedWithBothLengths() {
    assertThatExceptionOfType(UnspeakableTextException.class)
        .isThrownBy(() -> SpeakableText.of("a".repeat(4_097)))
        .withMessageContaining("4096")
        .withMessageContaining("4097");
  }
}
