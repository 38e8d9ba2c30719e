package dev.autodeploy.examples.standin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.autodeploy.examples.standin.InvalidRequestException.Problem;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The body of {@code POST /v1/audio/speech}.
 *
 * <p>Fields besides {@code input} are checked for their type where BreezyVoice declares one, and
 * then ignored, as BreezyVoice does.
 *
 * @param input the text to speak; may be empty
 */
record SpeechRequest(String input) {
  /** The one JSON factory, which is thread-safe and costs time to make. */
  static final JsonFactory JSON = new JsonFactory();

  private static final String NOT_AN_OBJECT =
      "Input should be a valid dictionary or object to extract fields from";

  /**
   * Reads a request body.
   *
   * @param contentType the request's {@code Content-Type}; without one the body is taken as JSON
   */
  static SpeechRequest parse(@Nullable String contentType, byte[] body)
      throws InvalidRequestException {
    if (body.length == 0) {
      throw new InvalidRequestException(new Problem("missing", "", "Field required", "null"));
    }
    if (contentType != null && !isJson(contentType)) {
      throw new InvalidRequestException(
          new Problem(
              "model_attributes_type",
              "",
              NOT_AN_OBJECT,
              quote(new String(body, StandardCharsets.UTF_8))));
    }
    try {
      return fromFields(normalised(body));
    } catch (JsonProcessingException e) {
      throw new InvalidRequestException(
          new Problem("json_invalid", "", "JSON decode error: " + e.getOriginalMessage(), "{}"));
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
  }

  private static SpeechRequest fromFields(String json) throws IOException, InvalidRequestException {
    List<Problem> problems = new ArrayList<>();
    String input = null;
    boolean inputSeen = false;
    try (JsonParser parser = JSON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new InvalidRequestException(
            new Problem("model_attributes_type", "", NOT_AN_OBJECT, json));
      }
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        switch (field) {
          case "input" -> {
            inputSeen = true;
            input = string(parser, field, problems);
          }
          case "model", "response_format" -> string(parser, field, problems);
          case "speed" -> checkNumber(parser, field, problems);
          default -> parser.skipChildren();
        }
      }
    }
    if (!inputSeen) {
      problems.add(new Problem("missing", "input", "Field required", json));
    }
    if (!problems.isEmpty() || input == null) {
      throw new InvalidRequestException(problems);
    }
    return new SpeechRequest(input);
  }

  private static @Nullable String string(JsonParser parser, String field, List<Problem> problems)
      throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING) {
      return parser.getText();
    }
    problems.add(new Problem("string_type", field, "Input should be a valid string", copy(parser)));
    return null;
  }

  private static void checkNumber(JsonParser parser, String field, List<Problem> problems)
      throws IOException {
    switch (parser.currentToken()) {
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> {}
      case VALUE_STRING -> {
        try {
          Double.parseDouble(parser.getText());
        } catch (NumberFormatException e) {
          problems.add(
              new Problem(
                  "float_parsing",
                  field,
                  "Input should be a valid number, unable to parse string as a number",
                  copy(parser)));
        }
      }
      default ->
          problems.add(
              new Problem("float_type", field, "Input should be a valid number", copy(parser)));
    }
  }

  /** Reads the whole document before any field counts, so that a broken one is refused whole. */
  private static String normalised(byte[] body) throws IOException {
    try (JsonParser parser = JSON.createParser(body)) {
      if (parser.nextToken() == null) {
        throw new JsonParseException(parser, "Expecting value");
      }
      String json = copy(parser);
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "Extra data");
      }
      return json;
    }
  }

  private static String copy(JsonParser parser) throws IOException {
    StringWriter json = new StringWriter();
    try (JsonGenerator generator = JSON.createGenerator(json)) {
      generator.copyCurrentStructure(parser);
    }
    return json.toString();
  }

  /** Returns a text as a JSON string. */
  static String quote(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  private static boolean isJson(String contentType) {
    String type = contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    return type.equals("application/json")
        || (type.startsWith("application/") && type.endsWith("+json"));
  }
}
