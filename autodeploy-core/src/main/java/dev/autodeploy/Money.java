package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Currency;

/**
 * An amount in a currency. This library never rounds one to cents; where a price is divided by
 * time, 16 significant digits are kept.
 *
 * @param amount the amount in the currency's main unit (dollars, not cents)
 * @param currency the ISO 4217 currency
 */
public record Money(BigDecimal amount, Currency currency) {

  /**
   * Checks the values.
   *
   * @param amount the amount in the currency's main unit (dollars, not cents)
   * @param currency the ISO 4217 currency
   */
  public Money {
    requireNonNull(amount, "amount");
    requireNonNull(currency, "currency");
  }

  /**
   * Returns an amount from its decimal text and ISO 4217 code, such as {@code ("0.49", "USD")}.
   *
   * @param amount the amount in decimal notation
   * @param currency the ISO 4217 code
   * @return the amount
   * @throws IllegalArgumentException if the amount is no decimal number or the code is unknown
   */
  public static Money of(String amount, String currency) {
    requireNonNull(amount, "amount");
    requireNonNull(currency, "currency");
    BigDecimal value;
    try {
      value = new BigDecimal(amount);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "amount must be a decimal number such as 0.49, but was '" + amount + "'", e);
    }
    try {
      return new Money(value, Currency.getInstance(currency));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "currency must be an ISO 4217 code such as USD, but was '" + currency + "'", e);
    }
  }

  /**
   * Returns nothing of a currency.
   *
   * @param currency the currency
   * @return zero
   */
  public static Money zero(Currency currency) {
    return new Money(BigDecimal.ZERO, currency);
  }

  /**
   * Returns the sum of this amount and another of the same currency.
   *
   * @param other what to add
   * @return the sum
   * @throws IllegalArgumentException if the currencies differ
   */
  public Money plus(Money other) {
    if (!currency.equals(other.currency)) {
      throw new IllegalArgumentException(
          "cannot add " + other.currency + " to " + currency + ": the currencies differ");
    }
    return new Money(amount.add(other.amount), currency);
  }

  /**
   * Returns this amount rounded half up to a number of decimals, for display.
   *
   * @param decimals digits after the decimal point, 0 or more
   * @return the rounded amount
   */
  public Money rounded(int decimals) {
    return new Money(amount.setScale(decimals, RoundingMode.HALF_UP), currency);
  }

  /** Returns the amount and the currency code, such as {@code 0.49 USD}. */
  @Override
  public String toString() {
    return amount.toPlainString() + " " + currency.getCurrencyCode();
  }
}
