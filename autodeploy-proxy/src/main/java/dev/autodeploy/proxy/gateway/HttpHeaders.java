package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The header fields of a message: in order, repeated names kept, names compared without regard to
 * case. Values are one char per byte (ISO 8859-1). Not thread-safe.
 */
public final class HttpHeaders {
  private final List<String> names = new ArrayList<>(16);
  private final List<String> values = new ArrayList<>(16);

  /** Creates an empty set of fields. */
  public HttpHeaders() {}

  /**
   * Adds a field, whether or not there is one of this name.
   *
   * @param name the name
   * @param value the value
   * @return this
   */
  public HttpHeaders add(String name, String value) {
    names.add(requireNonNull(name, "name"));
    values.add(requireNonNull(value, "value"));
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
    for (int i = names.size() - 1; i >= 0; i--) {
      if (names.get(i).equalsIgnoreCase(name)) {
        names.remove(i);
        values.remove(i);
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
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        return values.get(i);
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
    for (int i = 0; i < names.size(); i++) {
      if (names.get(i).equalsIgnoreCase(name)) {
        if (found.isEmpty()) {
          found = List.of(values.get(i));
        } else {
          found = found.size() == 1 ? new ArrayList<>(found) : found;
          found.add(values.get(i));
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
    List<String> all = all(name);
    if (all.isEmpty()) {
      return all;
    }
    List<String> found = new ArrayList<>(2);
    for (String value : all) {
      for (String token : value.split(",", -1)) {
        if (!token.isBlank()) {
          found.add(token.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    return found;
  }

  /**
   * Returns how many fields there are.
   *
   * @return the number, repeated names counted each time
   */
  public int size() {
    return names.size();
  }

  /**
   * Returns the name of a field.
   *
   * @param index which one, from 0
   * @return its name
   */
  public String name(int index) {
    return names.get(index);
  }

  /**
   * Returns the value of a field.
   *
   * @param index which one, from 0
   * @return its value
   */
  public String value(int index) {
    return values.get(index);
  }
}
