package dev.autodeploy.internal.spec;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Finds the name that somebody meant who misspelt it. */
final class NearestName {
  /** The longest name that is compared: longer ones are no slips. */
  private static final int MAX_LENGTH = 40;

  private NearestName() {}

  /** Returns the known name that is nearest to a given one, or null if none is near. */
  static @Nullable String to(String given, Collection<String> known) {
    if (given.length() > MAX_LENGTH) {
      return null;
    }
    String plain = plain(given);
    String nearest = null;
    int least = plain.length() / 4 + 2; // as many slips make another word of it
    for (String name : known) {
      int distance = distance(plain, plain(name));
      if (distance < least
          || (distance == least && nearest != null && name.compareTo(nearest) < 0)) {
        nearest = name;
        least = distance;
      }
    }
    return nearest;
  }

  /** Spellings that differ in case and separators only are the same: start-command. */
  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", "");
  }

  /** Returns how many characters are inserted, dropped or replaced between two words. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
