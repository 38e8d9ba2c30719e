package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
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
 * The fields of a JSON object, read with their types. A field that is null counts as absent.
 *
 * <p>Fields that nobody asked for are refused by {@link #end()}: within one format version they can
 * only be a mistake of the person who edited the file, and the next save would drop them.
 */
public final class Fields {
  private static final String TEXT = "a text";
  private static final Instant LATEST = Instant.parse("2200-01-01T00:00:00Z");

  /** The most digits of a number that is written out. */
  private static final int MAX_PLAIN = 30;

  private final JsonNode object;
  private final JsonPointer place;
  private final Set<String> asked = new HashSet<>();

  private Fields(JsonNode object, JsonPointer place) {
    this.object = object;
    this.place = place;
  }

  public static Fields of(JsonNode node, JsonPointer place) throws FormatException {
    if (!node.isObject()) {
      throw new FormatException(place, "must be an object, but is " + kind(node));
    }
    return new Fields(node, place);
  }

  public boolean has(String name) {
    asked.add(name);
    return object.hasNonNull(name);
  }

  public boolean isText(String name) {
    return has(name) && object.get(name).isTextual();
  }

  public String text(String name) throws FormatException {
    return required(name, TEXT, JsonNode::isTextual).textValue();
  }

  public @Nullable String textOrNull(String name) throws FormatException {
    return has(name) ? text(name) : null;
  }

  /** Reads an amount, as a text or a number. */
  String amount(String name) throws FormatException {
    return has(name) && node(name).isNumber() ? plain(node(name)) : text(name);
  }

  /** Returns a number without an exponent, unless that would be long: 1e999999999. */
  private static String plain(JsonNode node) {
    BigDecimal number = node.decimalValue();
    boolean isLong = Math.abs((long) number.scale()) > MAX_PLAIN || number.precision() > MAX_PLAIN;
    return isLong ? number.toString() : number.toPlainString();
  }

  public int integer(String name) throws FormatException {
    return required(
            name, "a whole number", node -> node.isIntegralNumber() && node.canConvertToInt())
        .intValue();
  }

  public long longInteger(String name) throws FormatException {
    return required(
            name, "a whole number", node -> node.isIntegralNumber() && node.canConvertToLong())
        .longValue();
  }

  public double number(String name) throws FormatException {
    return required(name, "a number", JsonNode::isNumber).doubleValue();
  }

  public boolean bool(String name) throws FormatException {
    return required(name, "true or false", JsonNode::isBoolean).booleanValue();
  }

  public Duration duration(String name) throws FormatException {
    try {
      return Duration.parse(text(name));
    } catch (DateTimeParseException e) {
      throw bad(name, "must be an ISO 8601 duration such as PT5M");
    }
  }

  /** Two instants of this range are at most 292 years apart, as far as nanoseconds reach. */
  public Instant instant(String name) throws FormatException {
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

  public @Nullable Instant instantOrNull(String name) throws FormatException {
    return has(name) ? instant(name) : null;
  }

  public Fields object(String name) throws FormatException {
    return of(required(name, "an object", JsonNode::isObject), place.appendProperty(name));
  }

  public List<Fields> objects(String name) throws FormatException {
    JsonNode array = required(name, "an array", JsonNode::isArray);
    List<Fields> objects = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      objects.add(of(array.get(i), place.appendProperty(name).appendIndex(i)));
    }
    return objects;
  }

  public List<String> texts(String name) throws FormatException {
    JsonNode array = required(name, "an array", JsonNode::isArray);
    List<String> texts = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      if (!array.get(i).isTextual()) {
        throw new FormatException(
            place.appendProperty(name).appendIndex(i),
            "must be " + TEXT + ", but is " + kindOfText(array.get(i)));
      }
      texts.add(array.get(i).textValue());
    }
    return texts;
  }

  /** Returns the names of all fields, and leaves it to the caller to know them. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    asked.addAll(names);
    return names;
  }

  /** Refuses what was not asked for. */
  public void end() throws FormatException {
    List<FormatException> unknown = unknown(1);
    if (!unknown.isEmpty()) {
      throw unknown.get(0);
    }
  }

  /**
   * Returns an error for each field that was not asked for.
   *
   * @param most the most errors: a document may have any number of such fields
   */
  List<FormatException> unknown(int most) {
    List<FormatException> unknown = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      if (unknown.size() == most) {
        break;
      }
      if (!asked.contains(field.getKey())) {
        String nearest = NearestName.to(field.getKey(), asked);
        unknown.add(
            bad(
                field.getKey(),
                "is not a field that belongs here"
                    + (nearest == null ? "" : "; did you mean '" + nearest + "'?")));
      }
    }
    return unknown;
  }

  /** Returns the value of a field that is there. */
  JsonNode node(String name) {
    asked.add(name);
    return object.get(name);
  }

  /** Returns the error that a field's value is not right. */
  public FormatException bad(String name, @Nullable String problem) {
    return new FormatException(
        place.appendProperty(name), problem == null ? "is not valid" : problem);
  }

  /** Returns the error that the object as a whole is not right. */
  public FormatException bad(@Nullable String problem) {
    return new FormatException(place, problem == null ? "is not valid" : problem);
  }

  private JsonNode required(String name, String expected, Check check) throws FormatException {
    if (!has(name)) {
      throw new FormatException(place, "has no field '" + name + "'");
    }
    JsonNode node = object.get(name);
    if (!check.accepts(node)) {
      throw bad(
          name,
          "must be "
              + expected
              + ", but is "
              + (expected.equals(TEXT) ? kindOfText(node) : kind(node)));
    }
    return node;
  }

  /** Names the type of what should be a text, and what to do in YAML. */
  private static String kindOfText(JsonNode node) {
    return node.isNumber()
        ? "a number: write it in quotes"
        : node.isBoolean() ? "true or false: write it in quotes" : kind(node);
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
