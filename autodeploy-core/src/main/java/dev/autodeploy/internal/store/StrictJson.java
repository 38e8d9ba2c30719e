package dev.autodeploy.internal.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** JSON text in and out, strict on the way in. */
final class StrictJson {
  private static final JsonMapper MAPPER = mapper();
  private static final ObjectWriter LINE = MAPPER.writer();
  private static final ObjectWriter PAGE = MAPPER.writer(indented());

  private StrictJson() {}

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** Returns an object on one line, without a line break. */
  static byte[] line(ObjectNode object) throws IOException {
    return utf8(LINE.writeValueAsString(object));
  }

  /** Returns an object laid out for people, with a line break at the end. */
  static byte[] page(ObjectNode object) throws IOException {
    return utf8(PAGE.writeValueAsString(object) + "\n");
  }

  /** Reads exactly one object. */
  static Fields parse(byte[] bytes) throws FormatException {
    String text = text(bytes);
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      // Neither Jackson's sentence nor the cause: both quote the text.
      JsonLocation at = e.getLocation();
      throw at == null
          ? new FormatException.NotJson("it is not valid JSON", 1, 1)
          : new FormatException.NotJson("it is not valid JSON", at.getLineNr(), at.getColumnNr());
    }
    if (node == null || node.isMissingNode()) {
      throw new FormatException.NotJson("it is empty", 1, 1);
    }
    return Fields.of(node, JsonPointer.empty());
  }

  /** Returns where in a document a place is, or null if it has no such place. */
  static @Nullable JsonLocation locate(byte[] bytes, JsonPointer place) {
    try (JsonParser parser = MAPPER.createParser(text(bytes))) {
      while (parser.nextToken() != null) {
        if (parser.getParsingContext().pathAsPointer().equals(place)) {
          return parser.currentTokenLocation();
        }
      }
      return null;
    } catch (IOException | FormatException e) {
      return null;
    }
  }

  /** Returns whether a text begins with a whole object and goes on with anything but zeros. */
  static boolean isObjectAndMore(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    try (JsonParser parser = MAPPER.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return false;
      }
      parser.skipChildren();
      int end = (int) parser.currentLocation().getCharOffset();
      return text.chars().skip(end).anyMatch(c -> c != 0);
    } catch (IOException e) {
      return false;
    }
  }

  private static String text(byte[] bytes) throws FormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      int line = 1;
      int start = 0;
      int valid = validPrefix(bytes);
      for (int i = 0; i < valid; i++) {
        if (bytes[i] == '\n') {
          line++;
          start = i + 1;
        }
      }
      throw new FormatException.NotJson("it is not valid UTF-8", line, valid - start + 1);
    }
  }

  private static int validPrefix(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    StandardCharsets.UTF_8.newDecoder().decode(in, CharBuffer.allocate(bytes.length), true);
    return in.position();
  }

  /** Encodes JSON text. Half a surrogate pair, which UTF-8 cannot express, is escaped. */
  private static byte[] utf8(String json) {
    StringBuilder out = null;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      boolean pair =
          Character.isHighSurrogate(c)
              && i + 1 < json.length()
              && Character.isLowSurrogate(json.charAt(i + 1));
      if (Character.isSurrogate(c) && !pair) {
        out = out == null ? new StringBuilder(json.substring(0, i)) : out;
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else if (out != null) {
        out.append(c);
      }
      if (pair) {
        i++;
        if (out != null) {
          out.append(json.charAt(i));
        }
      }
    }
    return (out == null ? json : out.toString()).getBytes(StandardCharsets.UTF_8);
  }

  /** Anything that was written has to be readable: no limits on lengths but those of Java. */
  private static JsonMapper mapper() {
    StreamReadConstraints unlimited =
        StreamReadConstraints.builder()
            .maxStringLength(Integer.MAX_VALUE)
            .maxNameLength(Integer.MAX_VALUE)
            .build();
    return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(unlimited).build())
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .build();
  }

  private static DefaultPrettyPrinter indented() {
    DefaultIndenter lines = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentObjectsWith(lines);
    printer.indentArraysWith(lines);
    return printer;
  }
}
