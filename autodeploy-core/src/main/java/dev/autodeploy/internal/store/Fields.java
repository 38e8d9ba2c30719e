package dev.autodeploy.internal.store;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a stored object, read with their types. A field that is null counts as absent.
 *
 * <p>Fields that nobody asked for are refused by {@link #end()}: within one format version they can
 * only be a slip of whoever edited the file, and the next save would drop them.
 */
final class Fields {
  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

  private final JsonNode object;
  private final JsonPointer place;
  private final Set<String> asked = new HashSet<>();

  private Fields(JsonNode object, JsonPointer place) {
    this.object = object;
    this.place = place;
  }

  static Fields of(JsonNode node, JsonPointer place) throws FormatException {
    if (!node.isObject()) {
      throw new FormatException(place, "must be an object, but is " + kind(node));
    }
    return new Fields(node, place);
  }

  boolean has(String name) {
    asked.add(name);
    return object.hasNonNull(name);
  }

  boolean isText(String name) {
    return has(name) && object.get(name).isTextual();
  }

  String text(String name) throws FormatException {
    return required(name, "a text", JsonNode::isTextual).textValue();
  }

  @Nullable String textOrNull(String name) throws FormatException {
    return has(name) ? text(name) : null;
  }

  int integer(String name) throws FormatException {
    return required(
            name, "a whole number", node -> node.isIntegralNumber() && node.canConvertToInt())
        .intValue();
  }

  long longInteger(String name) throws FormatException {
    return required(
            name, "a whole number", node -> node.isIntegralNumber() && node.canConvertToLong())
        .longValue();
  }

  boolean bool(String name) throws FormatException {
    return required(name, "true or false", JsonNode::isBoolean).booleanValue();
  }

  Duration duration(String name) throws FormatException {
    try {
      return Duration.parse(text(name));
    } catch (DateTimeParseException e) {
      throw bad(name, "must be an ISO 8601 duration such as PT5M");
    }
  }

  /** Two instants of this range are at most 292 years apart, as far as nanoseconds reach. */
  Instant instant(String name) throws FormatException {
    Instant instant;
    try {
      instant = Instant.parse(text(name));
    } catch (DateTimeParseException e) {
      throw bad(name, "must be an ISO 8601 instant such as 2026-01-31T12:00:00Z");
    }
    if (instant.isBefore(Instant.EPOCH) || instant.isAfter(LATEST)) {
      throw bad(name, "must be an instant between 1970 and 2200");
    }
    return instant;
  }

  @Nullable Instant instantOrNull(String name) throws FormatException {
    return has(name) ? instant(name) : null;
  }

  Fields object(String name) throws FormatException {
    return of(required(name, "an object", JsonNode::isObject), place.appendProperty(name));
  }

  List<Fields> objects(String name) throws FormatException {
    JsonNode array = required(name, "an array", JsonNode::isArray);
    List<Fields> objects = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      objects.add(of(array.get(i), place.appendProperty(name).appendIndex(i)));
    }
    return objects;
  }

  List<String> texts(String name) throws FormatException {
    JsonNode array = required(name, "an array", JsonNode::isArray);
    List<String> texts = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      if (!array.get(i).isTextual()) {
        throw new FormatException(
            place.appendProperty(name).appendIndex(i),
            "must be a text, but is " + kind(array.get(i)));
      }
      texts.add(array.get(i).textValue());
    }
    return texts;
  }

  /** Returns the names of all fields, and leaves it to the caller to know them. */
  List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    asked.addAll(names);
    return names;
  }

  /** Refuses what was not asked for. */
  void end() throws FormatException {
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      if (!asked.contains(field.getKey())) {
        throw bad(field.getKey(), "is not a field that belongs here");
      }
    }
  }

  /** Returns the error that a field's value is not right. */
  FormatException bad(String name, @Nullable String problem) {
    return new FormatException(
        place.appendProperty(name), problem == null ? "is not valid" : problem);
  }

  /** Returns the error that the object as a whole is not right. */
  FormatException bad(@Nullable String problem) {
    return new FormatException(place, problem == null ? "is not valid" : problem);
  }

  private JsonNode required(String name, String expected, Check check) throws FormatException {
    if (!has(name)) {
      throw new FormatException(place, "has no field '" + name + "'");
    }
    JsonNode node = object.get(name);
    if (!check.accepts(node)) {
      throw bad(name, "must be " + expected + ", but is " + kind(node));
    }
    return node;
  }

  /** Names the type and never the value. */
  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      case NUMBER -> "another number";
      case OBJECT -> "an object";
      case STRING -> "a text";
      default -> "something else";
    };
  }

  private interface Check {
    boolean accepts(JsonNode node);
  }
}
