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

  private final Map<JsonPointer, Place> places = new HashMap<>();
  private int nodes;

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
    JsonPointer pointer = parent.appendProperty(name);
    if (object.has(name)) {
      Place first = places.getOrDefault(pointer, Place.START);
      throw new DocumentException(
          "the same field is there twice, first in line " + first.line(), at);
    }
    places.put(pointer, at);
    object.set(name, value.value(pointer, depth + 1));
  }

  void item(ArrayNode array, Place at, JsonPointer parent, int depth, Source value)
      throws DocumentException {
    JsonPointer pointer = parent.appendIndex(array.size());
    places.put(pointer, at);
    array.add(value.value(pointer, depth + 1));
  }

  /** Counts a value. */
  <T extends JsonNode> T counted(T node, Place place) throws DocumentException {
    if (++nodes > MAX_NODES) {
      throw new DocumentException("it has more than " + MAX_NODES + " values", place);
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
