package dev.autodeploy.internal.text;

import java.util.regex.Pattern;

/**
 * Text of instances, daemons, registries and callers, made fit for logs, terminals and pages: it
 * cannot move a cursor, change a colour, begin another line, or change the order in which it is
 * read.
 *
 * <p>Whole escape sequences of terminals, as of coloured logs, are taken out. Every other control
 * character, separator of lines and mark of direction becomes {@code U+FFFD}, and is not taken out,
 * or a text that was cut in pieces by them would be put together here.
 */
public final class PlainText {
  private static final char REPLACEMENT = '\uFFFD';

  /**
   * CSI sequences, such as colours, then OSC sequences, such as titles and links, then those of two
   * characters. Possessive, so that no text takes long.
   */
  private static final Pattern ESCAPES =
      Pattern.compile(
          "(?:\u001B\\[|\u009B)[0-?]{0,64}+[ -/]{0,8}+[@-~]"
              + "|(?:\u001B\\]|\u009D)[^\u0007\u001B\u009C\u009D\\p{Cntrl}]{0,4096}+"
              + "(?:\u0007|\u001B\\\\|\u009C)"
              + "|\u001B[ -/]{0,8}+[0-Z\\\\^-~]");

  private PlainText() {}

  /**
   * Returns a text as one line. Tabs stay; breaks of lines become blanks.
   *
   * @param text any text
   * @return the line; the same object if nothing had to be changed
   */
  public static String line(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      char c = text.charAt(i);
      if (c < ' ' ? c != '\t' : c >= '\u007F') {
        return isPlainFrom(text, i) ? text : cleaned(text);
      }
    }
    return text;
  }

  /**
   * Returns whether a text is one line that {@link #line} would not change.
   *
   * @param text any text
   * @return whether it is
   */
  public static boolean isLine(String text) {
    return line(text).equals(text);
  }

  private static boolean isPlainFrom(String text, int start) {
    for (int i = start; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (isBreak(c) || isHarmful(c)) {
        return false;
      }
      i += Character.charCount(c);
    }
    return true;
  }

  private static String cleaned(String text) {
    String shown = ESCAPES.matcher(text).replaceAll("");
    StringBuilder line = new StringBuilder(shown.length());
    for (int i = 0; i < shown.length(); ) {
      int c = shown.codePointAt(i);
      i += Character.charCount(c);
      if (c == '\r' && i < shown.length() && shown.charAt(i) == '\n') {
        continue; // one break
      }
      if (isBreak(c)) {
        line.append(' ');
      } else if (isHarmful(c)) {
        line.append(REPLACEMENT);
      } else {
        line.appendCodePoint(c);
      }
    }
    return line.toString();
  }

  private static boolean isBreak(int c) {
    return c == '\n'
        || c == '\r'
        || c == 0x0B
        || c == '\f'
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  /** The joiners U+200C and U+200D are not: whole scripts and emoji need them. */
  private static boolean isHarmful(int c) {
    return (Character.isISOControl(c) && c != '\t')
        || c == 0x061C // the marks, embeddings, overrides and isolates of direction
        || c == 0x200E
        || c == 0x200F
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x206F)
        || (c >= 0xFFF9 && c <= 0xFFFB) // annotations, and invisible tags
        || (c >= 0xE0000 && c <= 0xE007F)
        || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }
}
