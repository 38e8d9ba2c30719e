package dev.autodeploy.internal.text;

import static java.util.Objects.requireNonNull;

import java.util.List;

/**
 * A pattern in which {@code *} stands for any text. Looking takes no more steps than the text and
 * the pattern are long multiplied, whatever the text: it often comes from strangers. Immutable.
 */
public final class Glob {
  private final List<String> parts;

  private Glob(List<String> parts) {
    this.parts = parts;
  }

  /**
   * Returns a pattern.
   *
   * @param pattern the pattern; without a {@code *} it stands for itself
   * @return the pattern
   */
  public static Glob of(String pattern) {
    return new Glob(List.of(requireNonNull(pattern, "pattern").split("\\*", -1)));
  }

  /**
   * Returns whether the pattern stands for a text, from its first character to its last.
   *
   * @param text the text
   * @return true if so
   */
  public boolean matches(String text) {
    String first = parts.get(0);
    if (parts.size() == 1) {
      return text.equals(first);
    }
    String last = parts.get(parts.size() - 1);
    int end = text.length() - last.length();
    if (end < first.length() || !text.startsWith(first) || !text.endsWith(last)) {
      return false;
    }
    int at = first.length();
    for (String part : parts.subList(1, parts.size() - 1)) {
      at = text.indexOf(part, at); // the first place leaves most for the parts behind
      if (at < 0) {
        return false;
      }
      at += part.length();
    }
    return at <= end;
  }
}
