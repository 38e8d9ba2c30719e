package dev.autodeploy.internal.text;

import static java.util.Objects.requireNonNull;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of a user, whose searches end: after a number of steps, and when the thread
 * is interrupted. Immutable.
 *
 * <p>{@link Pattern} tries again from every character that it has read, so an expression such as
 * {@code (.*a){20}} may take years on one line. A step is a character read. An expression can loop
 * without reading any, as {@code (){1000000000}} does; such ones are refused when they are
 * compiled. One that is built on purpose from hundreds of empty alternatives can still evade both.
 */
public final class BoundedPattern {
  /** The most repetitions of what may be empty, multiplied, for nested ones multiply. */
  private static final long MAX_EMPTY_REPEATS = 10_000;

  /** The escapes that match a place rather than a character; a reference may match nothing. */
  private static final String ZERO_WIDTH_ESCAPES = "bBAGzZE";

  private static final String BEFORE_EMPTY = ")}^$>*+?|( \t\r\n\f\u000B";

  private final Pattern pattern;
  private final long maxSteps;

  private BoundedPattern(Pattern pattern, long maxSteps) {
    this.pattern = pattern;
    this.maxSteps = maxSteps;
  }

  /**
   * Compiles an expression.
   *
   * @param regex the expression, as of {@link Pattern}
   * @param maxSteps how many characters the searches of one {@link Search} may read
   * @return the expression
   * @throws IllegalArgumentException if it is not valid, or repeats an empty match too often
   */
  public static BoundedPattern compile(String regex, long maxSteps) {
    requireNonNull(regex, "regex");
    Pattern pattern;
    try {
      pattern = Pattern.compile(regex);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("not a regular expression: " + e.getMessage(), e);
    }
    if (emptyRepeats(regex) > MAX_EMPTY_REPEATS) {
      throw new IllegalArgumentException(
          "the regular expression '"
              + regex
              + "' repeats a group too often; let its {counts} come to at most "
              + MAX_EMPTY_REPEATS
              + " when they are multiplied");
    }
    return new BoundedPattern(pattern, maxSteps);
  }

  /**
   * Begins a search in one or more texts, which share the steps.
   *
   * @return the search
   */
  public Search search() {
    return new Search();
  }

  /**
   * Multiplies the least counts of all repetitions of what may match nothing. A repetition of a
   * character reads one each time, so it does not count.
   */
  private static long emptyRepeats(String regex) {
    long product = 1;
    for (int open = regex.indexOf('{'); open > 0; open = regex.indexOf('{', open + 1)) {
      int end = open + 1;
      while (end < regex.length() && Character.digit(regex.charAt(end), 10) >= 0) {
        end++;
      }
      if (end > open + 1 && mayBeEmpty(regex, open)) {
        String count = regex.substring(open + 1, Math.min(end, open + 11));
        product = Math.min(product * Math.max(1, Long.parseLong(count)), Integer.MAX_VALUE);
      }
    }
    return product;
  }

  private static boolean mayBeEmpty(String regex, int end) {
    int last = end - 1;
    if (BEFORE_EMPTY.indexOf(regex.charAt(last)) >= 0) {
      return !isEscaped(regex, last);
    }
    if (ZERO_WIDTH_ESCAPES.indexOf(regex.charAt(last)) >= 0) {
      return isEscaped(regex, last);
    }
    while (last > 0 && Character.isDigit(regex.charAt(last))) {
      if (isEscaped(regex, last)) {
        return true; // a reference to a group
      }
      last--;
    }
    return false;
  }

  private static boolean isEscaped(String regex, int at) {
    int first = at;
    while (first > 0 && regex.charAt(first - 1) == '\\') {
      first--;
    }
    return (at - first) % 2 == 1;
  }

  @Override
  public String toString() {
    return pattern.pattern();
  }

  /** A search with a number of steps of its own. Not thread-safe. */
  public final class Search {
    private long steps;

    private Search() {}

    /**
     * Returns whether some part of a text matches.
     *
     * @param text the text
     * @return whether it does
     * @throws SearchLimitException if the steps are used up, or the stack is
     * @throws InterruptedException if the thread was interrupted during the search
     */
    public boolean find(CharSequence text) throws SearchLimitException, InterruptedException {
      try {
        return pattern.matcher(new Counted(text)).find();
      } catch (StackOverflowError e) {
        throw new SearchLimitException(
            "the regular expression '"
                + pattern
                + "' needs too deep a recursion on a text of "
                + text.length()
                + " characters; a group of alternatives that is repeated, as in (a|b)*, is the"
                + " usual cause");
      } catch (OutOfSteps e) {
        if (e.interrupted) {
          throw new InterruptedException();
        }
        throw new SearchLimitException(
            "the regular expression '"
                + pattern
                + "' was not done after "
                + maxSteps
                + " steps on a text of "
                + text.length()
                + " characters; nested repetitions, as in (a+)+, are the usual cause");
      }
    }

    /** A text that counts how often it is read. */
    private final class Counted implements CharSequence {
      private final CharSequence text;

      Counted(CharSequence text) {
        this.text = text;
      }

      @Override
      public int length() {
        return text.length();
      }

      @Override
      public char charAt(int index) {
        if (++steps > maxSteps) {
          throw new OutOfSteps(false);
        }
        if ((steps & 0xFFFF) == 0 && Thread.interrupted()) {
          throw new OutOfSteps(true);
        }
        return text.charAt(index);
      }

      @Override
      public CharSequence subSequence(int start, int end) {
        return text.subSequence(start, end);
      }

      @Override
      public String toString() {
        return text.toString();
      }
    }
  }

  /** Leaves {@link Pattern}, which knows no checked exceptions. */
  private static final class OutOfSteps extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final boolean interrupted;

    OutOfSteps(boolean interrupted) {
      super(null, null, false, false);
      this.interrupted = interrupted;
    }
  }
}
