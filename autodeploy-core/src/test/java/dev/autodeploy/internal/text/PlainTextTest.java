package dev.autodeploy.internal.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class PlainTextTest {

  @Test
  void line_ofPlainText_isTheSame() {
    for (String text :
        List.of(
            "",
            "listening on 8080",
            "a\tb",
            "\u4E2D\u6587, \u00FC, \u20AC, \uD83D\uDE00",
            "\u0645\u0631\u062D\u0628\u0627",
            "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67 \u0646\u0645\u06CC\u200C\u062F")) {
      assertThat(PlainText.line(text)).isSameAs(text);
      assertThat(PlainText.isLine(text)).isTrue();
    }
  }

  @Test
  void line_takesEscapeSequencesOut() {
    assertThat(PlainText.line("\u001B[32mINFO\u001B[0m: ready")).isEqualTo("INFO: ready");
    assertThat(PlainText.line("\u001B[38;5;12mx\u001B[K\u001B[2J\u001B[1;1Hy")).isEqualTo("xy");
    assertThat(PlainText.line("a\u001B]0;title\u0007b\u001B]8;;http://h\u001B\\c"))
        .isEqualTo("abc");
    assertThat(PlainText.line("\u009B31mred \u001Bc\u001B(B!")).isEqualTo("red !");
  }

  @Test
  void line_replacesWhatIsLeft() {
    assertThat(PlainText.line("a\u001B")).isEqualTo("a\uFFFD");
    assertThat(PlainText.line("a\u001B[")).isEqualTo("a\uFFFD[");
    assertThat(PlainText.line("\u001B]0;no end")).isEqualTo("\uFFFD]0;no end");
    assertThat(PlainText.line("a\bb\u0000\u007F\u0090")).isEqualTo("a\uFFFDb\uFFFD\uFFFD\uFFFD");
    assertThat(PlainText.line("exe.\u202Egnp\u202C \u2066x\u2069 \u200Ey\u200F \u061C"))
        .isEqualTo("exe.\uFFFDgnp\uFFFD \uFFFDx\uFFFD \uFFFDy\uFFFD \uFFFD");
    assertThat(PlainText.line("a\uD800b\uDB40\uDC41")).isEqualTo("a\uFFFDb\uFFFD");
  }

  @Test
  void line_hasNoBreaks() {
    assertThat(PlainText.line("a\nb\r\nc\rd\u2028e\u2029f\u0085g\u000Bh\fi"))
        .isEqualTo("a b c d e f g h i");
    assertThat(PlainText.isLine("a\nb")).isFalse();
  }

  @Test
  void line_ofItsOwnResult_isTheSame() {
    String nested = "\u001B\u001B[0m[31m \u001B[\u001B[0m0m";
    String once = PlainText.line(nested);

    assertThat(once).doesNotContain("\u001B");
    assertThat(PlainText.line(once)).isEqualTo(once);
  }

  @Test
  @Timeout(60)
  void line_ofALongText_takesNotLong() {
    assertThat(PlainText.line("\u001B[" + "0".repeat(5_000_000))).startsWith("\uFFFD[0");
    assertThat(PlainText.line("\u001B]".repeat(1_000_000))).startsWith("\uFFFD]");
    assertThat(PlainText.line("\u001B[0".repeat(1_000_000))).hasSizeGreaterThan(1_000_000);
    assertThat(PlainText.line("\u009D".repeat(10_000_000))).hasSize(10_000_000);
  }
}
