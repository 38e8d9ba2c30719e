package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/** JSON as a tree with places. */
final class JsonText {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final DocumentBuilder builder = new DocumentBuilder();
  private final JsonParser parser;

  private JsonText(JsonParser parser) {
    this.parser = parser;
  }

  static Document read(String text) throws DocumentException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      return new JsonText(parser).document();
    } catch (JsonProcessingException e) {
      // Neither Jackson's sentence nor the cause: both quote the text.
      throw new DocumentException("it is not valid JSON", place(e.getLocation()));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory cannot fail", e);
    }
  }

  private Document document() throws IOException, DocumentException {
    next();
    JsonNode root = value(JsonPointer.empty(), 0);
    if (parser.nextToken() != null) {
      throw new DocumentException("it goes on after its end", place());
    }
    return builder.document(root);
  }

  private @Nullable JsonToken next() throws DocumentException {
    try {
      return parser.nextToken();
    } catch (JsonProcessingException e) {
      throw new DocumentException("it is not valid JSON", place(e.getLocation()));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory cannot fail", e);
    }
  }

  private JsonNode value(JsonPointer pointer, int depth) throws DocumentException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new DocumentException("it is empty", Place.START);
    }
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    try {
      return switch (token) {
        case START_OBJECT -> object(pointer, depth);
        case START_ARRAY -> array(pointer, depth);
        case VALUE_STRING -> builder.counted(nodes.textNode(parser.getText()), place());
        case VALUE_TRUE, VALUE_FALSE ->
            builder.counted(nodes.booleanNode(parser.getBooleanValue()), place());
        case VALUE_NUMBER_INT ->
            builder.counted(nodes.numberNode(parser.getBigIntegerValue()), place());
        case VALUE_NUMBER_FLOAT -> builder.counted(nodes.numberNode(decimal()), place());
        default -> builder.counted(nodes.nullNode(), place());
      };
    } catch (JsonProcessingException e) {
      throw new DocumentException("it is not valid JSON", place(e.getLocation()));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory cannot fail", e);
    }
  }

  private BigDecimal decimal() throws IOException, DocumentException {
    try {
      return parser.getDecimalValue();
    } catch (NumberFormatException e) {
      throw new DocumentException("a number is out of range", place());
    }
  }

  private ObjectNode object(JsonPointer pointer, int depth) throws DocumentException, IOException {
    builder.enter(depth, place());
    ObjectNode object = builder.counted(JsonNodeFactory.instance.objectNode(), place());
    while (next() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      Place at = place();
      next();
      builder.field(object, name, at, pointer, depth, this::value);
    }
    return object;
  }

  private ArrayNode array(JsonPointer pointer, int depth) throws DocumentException {
    builder.enter(depth, place());
    ArrayNode array = builder.counted(JsonNodeFactory.instance.arrayNode(), place());
    while (next() != JsonToken.END_ARRAY) {
      builder.item(array, place(), pointer, depth, this::value);
    }
    return array;
  }

  private Place place() {
    return place(parser.currentTokenLocation());
  }

  private static Place place(@Nullable JsonLocation at) {
    return at == null || at.getLineNr() < 1
        ? Place.START
        : new Place(at.getLineNr(), Math.max(1, at.getColumnNr()));
  }
}
