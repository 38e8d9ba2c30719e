package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Money;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextsTest {

  @ParameterizedTest
  @CsvSource({
    "PT1.84S, 1.84 s",
    "PT3S, 3 s",
    "PT0.2S, 0.2 s",
    "PT10S, 10 s",
    "PT5M, 5 min",
    "PT5M12S, 5 min 12 s",
    "PT2H3M, 2 h 3 min"
  })
  void durations_areShort(Duration duration, String text) {
    assertThat(Texts.of(duration)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({"0.0412, 0.041 USD", "0.000251234, 0.000251 USD", "12.5, 12.500 USD", "0, 0.000 USD"})
  void money_keepsTheDigitsThatSaySomething(String amount, String text) {
    assertThat(Texts.of(Money.of(amount, "USD"))).isEqualTo(text);
  }
}
