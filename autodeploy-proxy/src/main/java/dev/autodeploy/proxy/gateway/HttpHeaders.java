package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The header fields of a message: in order, repeated names kept, names compared without regard to
 * case. Values are one char per byte (ISO 8859-1). Not thread-safe.
 */
public final class HttpHeaders {
  private static final int USUAL = 12;
  private static final String[] NONE = {};

  /** A name at each even index, and its value behind it. */
  private String[] all;

  private int size;

  /** Creates an empty set of fields. */
  public HttpHeaders() {
    this(USUAL);
  }

  /**
   * Creates an empty set of fields.
   *
   * @param expected how many fields it has room for from the start
   */
  public HttpHeaders(int expected) {
    all = expected == 0 ? NONE : new String[2 * expected];
  }

  /**
   * Returns the names that most messages have, as they are usually written and in lower case, for
   * whoever reads heads without making each of them anew.
   *
   * @return the names, without an order
   */
  public static Set<String> usualNames() {
    return FieldName.usualNames();
  }

  /**
   * Adds a field, whether or not there is one of this name.
   *
   * @param name the name
   * @param value the value
   * @return this
   */
  public HttpHeaders add(String name, String value) {
    int end = 2 * size;
    if (end == all.length) {
      all = Arrays.copyOf(all, Math.max(2 * USUAL, 2 * end));
    }
    all[end] = requireNonNull(name, "name");
    all[end + 1] = requireNonNull(value, "value");
    size++;
    return this;
  }

  /**
   * Puts a field in place of all those of this name.
   *
   * @param name the name
   * @param value the value
   * @return this
   */
  public HttpHeaders set(String name, String value) {
    remove(name);
    return add(name, value);
  }

  /**
   * Removes all fields of a name.
   *
   * @param name the name
   */
  public void remove(String name) {
    for (int i = size - 1; i >= 0; i--) {
      if (all[2 * i].equalsIgnoreCase(name)) {
        size--;
        System.arraycopy(all, 2 * i + 2, all, 2 * i, 2 * (size - i));
      }
    }
  }

  /**
   * Returns the first value of a name.
   *
   * @param name the name
   * @return the value, or null if there is none
   */
  public @Nullable String first(String name) {
    for (int i = 0; i < size; i++) {
      if (all[2 * i].equalsIgnoreCase(name)) {
        return all[2 * i + 1];
      }
    }
    return null;
  }

  /**
   * Returns all values of a name, in order.
   *
   * @param name the name
   * @return the values, possibly none
   */
  public List<String> all(String name) {
    List<String> found = List.of(); // as most names have no value, and most others a single one
    for (int i = 0; i < size; i++) {
      if (all[2 * i].equalsIgnoreCase(name)) {
        if (found.isEmpty()) {
          found = List.of(value(i));
        } else {
          found = found.size() == 1 ? new ArrayList<>(found) : found;
          found.add(value(i));
        }
      }
    }
    return found;
  }

  /**
   * Returns the members of all comma-separated lists of a name, in order and in lower case.
   *
   * @param name the name
   * @return the members, without those that are empty
   */
  public List<String> tokens(String name) {
    List<String> values = all(name);
    if (values.isEmpty()) {
      return values;
    }
    String only = values.size() == 1 ? values.get(0).strip() : "";
    if (!only.isEmpty() && only.indexOf(',') < 0) { // as nearly always
      return List.of(only.toLowerCase(Locale.ROOT));
    }
    List<String> found = new ArrayList<>(2);
    for (String value : values) {
      int begin = 0;
      for (int end = value.indexOf(','); end >= 0; end = value.indexOf(',', begin)) {
        addToken(value.substring(begin, end), found);
        begin = end + 1;
      }
      addToken(value.substring(begin), found);
    }
    return found;
  }

  private static void addToken(String member, List<String> found) {
    String token = member.strip();
    if (!token.isEmpty()) {
      found.add(token.toLowerCase(Locale.ROOT));
    }
  }

  /**
   * Returns how many fields there are.
   *
   * @return the number, repeated names counted each time
   */
  public int size() {
    return size;
  }

  /**
   * Returns the name of a field.
   *
   * @param index which one, from 0
   * @return its name
   */
  public String name(int index) {
    return all[2 * Objects.checkIndex(index, size)];
  }

  /**
   * Returns the value of a field.
   *
   * @param index which one, from 0
   * @return its value
   */
  public String value(int index) {
    return all[2 * Objects.checkIndex(index, size) + 1];
  }
}
