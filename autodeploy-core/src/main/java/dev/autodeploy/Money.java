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
  private static final int MAX_INTEGER_DIGITS = 100;

  /** The most digits of a price, so that what it comes to over years and GPUs is an amount too. */
  private static final int MAX_GIVEN_DIGITS = 18;

  /**
   * The decimals that the exact value of a {@code double}, which a cost meter may return, can have.
   */
  private static final int MAX_DECIMALS = 1100;

  /**
   * Checks the values.
   *
   * @param amount the amount in the currency's main unit (dollars, not cents), with at most {@value
   *     #MAX_INTEGER_DIGITS} digits before the decimal point and {@value #MAX_DECIMALS} after it
   * @param currency the ISO 4217 currency
   * @throws IllegalArgumentException if the amount has more digits
   */
  public Money {
    requireNonNull(amount, "amount");
    requireNonNull(currency, "currency");
    // Before anything is done with it: 1e999999999 is short, but not in full or in a sum.
    checkDigits(amount, MAX_INTEGER_DIGITS);
  }

  private static void checkDigits(BigDecimal amount, int integerDigits) {
    if (amount.scale() > MAX_DECIMALS
        || (long) amount.precision() - amount.scale() > integerDigits) {
      throw new IllegalArgumentException(
          "amount must have at most "
              + integerDigits
              + " digits before the decimal point and "
              + MAX_DECIMALS
              + " after it");
    }
  }

  /**
   * Returns an amount from its decimal text and ISO 4217 code, such as {@code ("0.49", "USD")}.
   *
   * @param amount the amount in decimal notation, with at most {@value #MAX_GIVEN_DIGITS} digits
   *     before the decimal point
   * @param currency the ISO 4217 code
   * @return the amount
   * @throws IllegalArgumentException if the amount is no decimal number or has too many digits, or
   *     the code is unknown
   */
  public static Money of(String amount, String currency) {
    requireNonNull(amount, "amount");
    requireNonNull(currency, "currency");
    if (amount.length() > MAX_GIVEN_DIGITS + MAX_DECIMALS) {
      throw new IllegalArgumentException(
          "amount must be a decimal number such as 0.49, but was a text of "
              + amount.length()
              + " characters");
    }
    BigDecimal value;
    try {
      value = new BigDecimal(amount);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "amount must be a decimal number such as 0.49, but was '" + amount + "'", e);
    }
    checkDigits(value, MAX_GIVEN_DIGITS);
    return new Money(value, currency(currency));
  }

  private static Currency currency(String code) {
    try {
      return Currency.getInstance(code);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "currency must be an ISO 4217 code such as USD, but was '" + code + "'", e);
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
