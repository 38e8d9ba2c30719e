package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/**
 * A text as a tree, with the place of each field.
 *
 * @param root the tree
 * @param places the places of fields and items; those that came with an alias are missing
 */
record Document(JsonNode root, Map<JsonPointer, Place> places) {

  /** Returns the place of a field, or of what it is in. */
  Place at(JsonPointer field) {
    JsonPointer pointer = field;
    while (!places.containsKey(pointer) && !pointer.matches()) {
      pointer = pointer.head();
    }
    return places.getOrDefault(pointer, Place.START);
  }
}
