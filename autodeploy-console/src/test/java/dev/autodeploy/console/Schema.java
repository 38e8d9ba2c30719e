package dev.autodeploy.console;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Holds answers against the schemas of the OpenAPI document: as much of JSON Schema as that
 * document uses. A keyword that it does not know is an error, or it would check nothing.
 */
final class Schema {
  private static final Set<String> NOTES = Set.of("description", "format");

  private final JsonNode document;

  Schema(JsonNode document) {
    this.document = document;
  }

  List<String> errors(JsonNode schema, JsonNode value) {
    List<String> errors = new ArrayList<>();
    check(schema, value, "$", errors);
    return errors;
  }

  private void check(JsonNode schema, JsonNode value, String at, List<String> errors) {
    for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
      JsonNode k = keyword.getValue();
      switch (keyword.getKey()) {
        case "$ref" -> check(document.at(k.asText().substring(1)), value, at, errors);
        case "type" -> type(k, value, at, errors);
        case "enum" -> {
          boolean found = false;
          for (JsonNode allowed : k) {
            found |= allowed.equals(value);
          }
          require(found, at + ": " + value + " is not one of " + k, errors);
        }
        case "anyOf" -> {
          boolean fits = false;
          for (JsonNode option : k) {
            fits |= errors(option, value).isEmpty();
          }
          require(fits, at + ": " + value + " fits none of " + k, errors);
        }
        case "required" ->
            k.forEach(
                name ->
                    require(
                        !value.isObject() || value.has(name.asText()),
                        at + ": lacks " + name,
                        errors));
        case "properties" ->
            k.properties()
                .forEach(
                    property -> {
                      if (value.has(property.getKey())) {
                        check(
                            property.getValue(),
                            value.get(property.getKey()),
                            at + "." + property.getKey(),
                            errors);
                      }
                    });
        case "additionalProperties" ->
            value
                .properties()
                .forEach(
                    member -> {
                      if (k.isBoolean()) {
                        require(
                            schema.path("properties").has(member.getKey()),
                            at + ": has undocumented " + member.getKey(),
                            errors);
                      } else {
                        check(k, member.getValue(), at + "." + member.getKey(), errors);
                      }
                    });
        case "items" -> {
          for (int i = 0; i < value.size(); i++) {
            check(k, value.get(i), at + "[" + i + "]", errors);
          }
        }
        case "pattern" ->
            require(value.asText().matches(k.asText()), at + ": " + value + " is not " + k, errors);
        case "minimum" -> require(value.asDouble() >= k.asDouble(), at + ": too small", errors);
        default -> require(NOTES.contains(keyword.getKey()), "unknown keyword " + keyword, errors);
      }
    }
  }

  private static void type(JsonNode type, JsonNode value, String at, List<String> errors) {
    boolean fits = false;
    for (JsonNode option : type.isArray() ? type : List.of(type)) {
      fits |=
          switch (option.asText()) {
            case "object" -> value.isObject();
            case "array" -> value.isArray();
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> false;
          };
    }
    require(fits, at + ": " + value + " is not " + type, errors);
  }

  private static void require(boolean condition, String message, List<String> errors) {
    if (!condition) {
      errors.add(message);
    }
  }
}
