package dev.autodeploy.examples.standin;

import java.text.Normalizer;

/**
 * Brings a text into the letters of an English voice, or says why that cannot be done.
 *
 * <p>Accents are dropped and typographic quotes and dashes made plain. A letter of another script
 * is refused: leaving it out would answer with a sentence that nobody wrote. Symbols and emoji,
 * which have no sound, become pauses between words.
 */
final class SpeakableText {
  /** The longest text, in UTF-16 units: the limit of the API that BreezyVoice follows. */
  static final int MAX_LENGTH = 4096;

  private SpeakableText() {}

  /** Returns the text in printable ASCII, with at least one letter or digit. */
  static String of(String text) throws UnspeakableTextException {
    if (text.length() > MAX_LENGTH) {
      throw new UnspeakableTextException(
          "The BreezyVoice stand-in speaks at most "
              + MAX_LENGTH
              + " characters at once; this text has "
              + text.length()
              + ".");
    }
    String composed = Normalizer.normalize(text, Normalizer.Form.NFKC);
    StringBuilder plain = new StringBuilder(composed.length());
    for (int i = 0; i < composed.length(); i += Character.charCount(composed.codePointAt(i))) {
      plain.append(plain(composed.codePointAt(i)));
    }
    if (plain.chars().noneMatch(Character::isLetterOrDigit)) {
      throw new UnspeakableTextException(
          "The BreezyVoice stand-in found no word to speak in this text.");
    }
    return plain.toString();
  }

  private static String plain(int codePoint) throws UnspeakableTextException {
    if (codePoint > ' ' && codePoint < 0x7f) {
      return Character.toString(codePoint);
    }
    return switch (Character.getType(codePoint)) {
      case Character.DECIMAL_DIGIT_NUMBER -> Integer.toString(Character.digit(codePoint, 10));
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          withoutAccent(codePoint);
      case Character.DASH_PUNCTUATION -> codePoint == '\u2010' ? "-" : ", ";
      case Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION ->
          codePoint == '\u2018' || codePoint == '\u2019' ? "'" : "\"";
      case Character.NON_SPACING_MARK, Character.FORMAT -> "";
      default -> " ";
    };
  }

  private static String withoutAccent(int letter) throws UnspeakableTextException {
    return switch (letter) {
      case 'ß' -> "ss";
      case 'æ', 'Æ' -> "ae";
      case 'œ', 'Œ' -> "oe";
      case 'ø', 'Ø' -> "o";
      case 'ł', 'Ł' -> "l";
      default -> base(letter);
    };
  }

  private static String base(int letter) throws UnspeakableTextException {
    String asText = Character.toString(letter);
    int base = Normalizer.normalize(asText, Normalizer.Form.NFD).codePointAt(0);
    if (base < 0x7f) {
      return Character.toString(base);
    }
    throw new UnspeakableTextException(
        "This is the bundled BreezyVoice stand-in: its voice speaks English only and cannot say '"
            + asText
            + "' ("
            + Character.UnicodeScript.of(letter)
            + "). BreezyVoice itself may well speak this text.");
  }
}
