package dev.autodeploy.proxy.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The elements of a {@code Forwarded} field (RFC 7239), as far as they are well-formed.
 *
 * @param elements the elements, those of the client's first proxy first
 */
record ForwardedChain(List<String> elements) {
  /** The chain of a request that no proxy has passed on, as far as is known. */
  static final ForwardedChain NONE = new ForwardedChain(List.of());

  /** Reads a chain; it has no elements if there is none. */
  static ForwardedChain of(HttpHeaders fields) {
    List<String> elements = new ArrayList<>(2);
    for (String value : fields.all("Forwarded")) {
      elements.addAll(split(value, ','));
    }
    return new ForwardedChain(elements);
  }

  /** Returns the first value of a parameter, or null if no element has it. */
  @Nullable String first(String parameter) {
    List<String> all = all(parameter);
    return all.isEmpty() ? null : all.get(0);
  }

  /** Returns the values of a parameter in all elements that have it. */
  List<String> all(String parameter) {
    List<String> found = new ArrayList<>(2);
    for (String element : elements) {
      for (String pair : split(element, ';')) {
        int equals = pair.indexOf('=');
        if (equals > 0
            && pair.substring(0, equals).strip().toLowerCase(Locale.ROOT).equals(parameter)) {
          found.add(unquoted(pair.substring(equals + 1).strip()));
        }
      }
    }
    return found;
  }

  private static String unquoted(String value) {
    return value.length() > 1 && value.startsWith("\"") && value.endsWith("\"")
        ? value.substring(1, value.length() - 1)
        : value;
  }

  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>(2);
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || (text.charAt(i) == separator && !quoted)) {
        String part = text.substring(start, i).strip();
        if (!part.isEmpty()) {
          parts.add(part);
        }
        start = i + 1;
      } else if (text.charAt(i) == '"') {
        quoted = !quoted;
      }
    }
    return parts;
  }
}
