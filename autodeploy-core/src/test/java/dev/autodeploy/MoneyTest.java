package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.spi.CostMeter;
import java.math.BigDecimal;
import java.util.Currency;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MoneyTest {
  private static final Currency USD = Currency.getInstance("USD");

  @Test
  void of_anAmountThatWouldFillTheMemory_isRefused() {
    for (String amount :
        List.of(
            "1e999999999",
            "-1e2147483647",
            "1e-999999999",
            "0e999999999",
            "0e-999999999",
            "1000000000000000000",
            "1".repeat(5_000_000))) {
      assertThatThrownBy(() -> Money.of(amount, "USD"))
          .as("%.20s", amount)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("amount must ")
          .extracting(e -> String.valueOf(e.getMessage()).length())
          .satisfies(length -> assertThat((int) length).isLessThan(200));
      assertThatThrownBy(() -> CostMeter.perHour(amount, "USD"))
          .as("%.20s", amount)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void money_ofACostMeter_mayHaveAllDigitsOfADouble_butNotMore() {
    assertThat(new Money(new BigDecimal(Double.MIN_VALUE), USD).toString()).endsWith("5 USD");
    assertThat(new Money(new BigDecimal("1.5e60"), USD).plus(usd("1"))).isNotNull();
    assertThatThrownBy(() -> new Money(new BigDecimal("1e1000000"), USD))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Money(new BigDecimal("1e-1000000"), USD))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void of_usualAmounts_areRead() {
    assertThat(usd("0.49")).hasToString("0.49 USD");
    assertThat(usd("1e3")).hasToString("1000 USD");
    assertThat(usd("999999999999999999.999999999")).hasToString("999999999999999999.999999999 USD");
    assertThat(usd("-0.0000000000000000001").amount().signum()).isNegative();
  }

  private static Money usd(String amount) {
    return Money.of(amount, "USD");
  }
}
