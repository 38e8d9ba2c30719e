package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;

/**
 * Builds a tree from what a parser finds, within limits that no file of deployments comes near, so
 * that a small text cannot become a large tree.
 */
final class DocumentBuilder {
  private static final int MAX_NODES = 100_000;
  private static final int MAX_DEPTH = 32;
  private static final int MAX_NAME = 1000;

  /** The most characters of all places, each of which has the names of all that it is in. */
  private static final long MAX_PLACES = 16 << 20;

  /** The most characters of all texts, also of those that aliases repeat. */
  static final long MAX_TEXT = 16 << 20;

  private final Map<JsonPointer, Place> places = new HashMap<>();
  private int nodes;
  private long placed;
  private long text;

  /** Reads the next value of a parser. */
  interface Source {
    JsonNode value(JsonPointer pointer, int depth) throws DocumentException;
  }

  /** Begins a collection. */
  void enter(int depth, Place place) throws DocumentException {
    if (depth > MAX_DEPTH) {
      throw new DocumentException("it is nested more than " + MAX_DEPTH + " deep", place);
    }
  }

  void field(ObjectNode object, String name, Place at, JsonPointer parent, int depth, Source value)
      throws DocumentException {
    if (name.length() > MAX_NAME) {
      throw new DocumentException(
          "the name of a field is longer than " + MAX_NAME + " characters", at);
    }
    JsonPointer pointer = parent.appendProperty(name);
    if (object.has(name)) {
      Place first = places.getOrDefault(pointer, Place.START);
      throw new DocumentException(
          "the same field is there twice, first in line " + first.line(), at);
    }
    place(pointer, at);
    object.set(name, value.value(pointer, depth + 1));
  }

  void item(ArrayNode array, Place at, JsonPointer parent, int depth, Source value)
      throws DocumentException {
    JsonPointer pointer = parent.appendIndex(array.size());
    place(pointer, at);
    array.add(value.value(pointer, depth + 1));
  }

  private void place(JsonPointer pointer, Place at) throws DocumentException {
    placed += pointer.toString().length();
    if (placed > MAX_PLACES) {
      throw new DocumentException("the names of its fields are too long, nested as they are", at);
    }
    places.put(pointer, at);
  }

  /** Counts a value. */
  <T extends JsonNode> T counted(T node, Place place) throws DocumentException {
    if (++nodes > MAX_NODES) {
      throw new DocumentException("it has more than " + MAX_NODES + " values", place);
    }
    text += node.isTextual() ? node.textValue().length() : 0;
    if (text > MAX_TEXT) {
      throw new DocumentException(
          "its texts have more than 16 MiB, with those that aliases stand for", place);
    }
    return node;
  }

  /** Copies a value that has been built already, and counts all that is in it. */
  JsonNode copy(JsonNode node, int depth, Place place) throws DocumentException {
    enter(depth, place);
    if (node.isObject()) {
      ObjectNode copy = counted(JsonNodeFactory.instance.objectNode(), place);
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        copy.set(field.getKey(), copy(field.getValue(), depth + 1, place));
      }
      return copy;
    }
    if (node.isArray()) {
      ArrayNode copy = counted(JsonNodeFactory.instance.arrayNode(), place);
      for (JsonNode item : node) {
        copy.add(copy(item, depth + 1, place));
      }
      return copy;
    }
    return counted(node, place);
  }

  Document document(JsonNode root) {
    return new Document(root, places);
  }
}
