package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The field {@code model} of a body, looked for in its beginning: at the top of a JSON object, or
 * as a part of a form. Used by one thread at a time.
 */
final class ModelField implements BodyPrefix.Search {
  private static final JsonFactory JSON = new JsonFactory();
  private static final Pattern BOUNDARY =
      Pattern.compile("boundary=(?:\"([^\"]{1,70})\"|([^;\\s\"]{1,70}))", Pattern.CASE_INSENSITIVE);
  private static final Pattern NAME =
      Pattern.compile("(?:^|[;\\s])name=(?:\"model\"|model(?=[;\\s]|$))", Pattern.CASE_INSENSITIVE);
  private static final int MAX_NAME = 256;

  private final @Nullable String boundary;
  private @Nullable String model;
  private int from;
  private int to;

  /**
   * Creates a search.
   *
   * @param contentType the media type of the body, or null
   */
  ModelField(@Nullable String contentType) {
    boolean form =
        contentType != null
            && contentType.toLowerCase(Locale.ROOT).startsWith("multipart/form-data");
    Matcher said = form ? BOUNDARY.matcher(contentType) : null;
    boundary =
        said == null
            ? null
            : !said.find() ? "" : said.group(1) == null ? said.group(2) : said.group(1);
  }

  /** Returns the name of the model, or null if none was found. */
  @Nullable String model() {
    return model;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  /** Returns the bytes that stand for another name in this body. */
  byte[] written(String name) {
    return (boundary == null ? JsonText.write(name) : name).getBytes(UTF_8);
  }

  @Override
  public boolean isOver(byte[] bytes, int length, boolean last) {
    return boundary == null ? json(bytes, length) : form(bytes, length);
  }

  private boolean json(byte[] bytes, int length) {
    try (JsonParser parser = JSON.createParser(bytes, 0, length)) {
      JsonToken first = parser.nextToken();
      if (first != JsonToken.START_OBJECT) {
        return first != null; // only spaces so far
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals("model");
        JsonToken value = parser.nextToken();
        if (!wanted) {
          parser.skipChildren();
        } else if (value == JsonToken.VALUE_STRING) {
          String name = parser.getText(); // to its end, as strings are read when they are asked for
          from = (int) parser.currentTokenLocation().getByteOffset();
          to = (int) parser.currentLocation().getByteOffset();
          return found(name);
        } else {
          return value != null;
        }
      }
      return parser.currentToken() != null;
    } catch (JsonEOFException e) {
      return false;
    } catch (IOException e) {
      return true; // no JSON
    }
  }

  private boolean found(String name) {
    model = name.isBlank() || name.length() > MAX_NAME ? null : name;
    return true;
  }

  private boolean form(byte[] bytes, int length) {
    if (boundary == null || boundary.isEmpty()) {
      return true;
    }
    byte[] delimiter = ("--" + boundary).getBytes(ISO_8859_1);
    int at = indexOf(bytes, length, delimiter, 0);
    while (at >= 0) {
      int head = at + delimiter.length;
      if (head + 2 > length) {
        return false;
      }
      if (bytes[head] == '-' && bytes[head + 1] == '-') {
        return true; // the end of the form
      }
      int value = indexOf(bytes, length, new byte[] {'\r', '\n', '\r', '\n'}, head);
      if (value < 0) {
        return false;
      }
      value += 4;
      int next = indexOf(bytes, length, ("\r\n--" + boundary).getBytes(ISO_8859_1), value - 2);
      if (isModel(new String(bytes, head, value - head, ISO_8859_1))) {
        if (next < 0) {
          return false;
        }
        from = value;
        to = Math.max(value, next);
        return found(new String(bytes, from, to - from, UTF_8));
      }
      at = next < 0 ? -1 : next + 2;
    }
    return false;
  }

  private static boolean isModel(String head) {
    for (String line : head.split("\r\n", -1)) {
      if (line.toLowerCase(Locale.ROOT).startsWith("content-disposition:")) {
        return NAME.matcher(line).find();
      }
    }
    return false;
  }

  private static int indexOf(byte[] bytes, int length, byte[] what, int start) {
    outer:
    for (int i = Math.max(0, start); i <= length - what.length; i++) {
      for (int k = 0; k < what.length; k++) {
        if (bytes[i + k] != what[k]) {
          continue outer;
        }
      }
      return i;
    }
    return -1;
  }
}
