package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.spec.FormatException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces references in the texts of a deployment: <code>${NAME}</code> by a variable of the
 * environment, <code>${NAME:-otherwise}</code> with a text for where there is none, and <code>
 * ${file:path}</code> by what a file contains. A missing one is an error and never an empty text.
 */
final class References {
  /** The variables that the instance's own shell replaces. */
  private static final Set<String> LEFT_TO_THE_SHELL = Set.of("startCommand", "arguments");

  private static final Pattern REFERENCE = Pattern.compile("\\$(\\$?)\\{([^}]*)(}?)");
  private static final Pattern VARIABLE =
      Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", Pattern.DOTALL);
  private static final String FILE = "file:";

  /** The most references of a document, and the most characters that they may bring in. */
  private static final int MAX_REFERENCES = 10_000;

  private final Path directory;
  private final Function<String, @Nullable String> environment;
  private List<FormatException> errors = List.of();
  private int references;
  private long broughtIn;

  /**
   * Makes one for a document.
   *
   * @param directory the directory that files are relative to
   * @param environment returns a variable, or null
   */
  References(Path directory, Function<String, @Nullable String> environment) {
    this.directory = directory;
    this.environment = environment;
  }

  /**
   * Returns the settings of a deployment with what its references stand for.
   *
   * @param problems gets what is wrong
   */
  ObjectNode resolved(ObjectNode deployment, List<FormatException> problems) {
    errors = problems;
    ObjectNode resolved = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> setting : deployment.properties()) {
      String name = setting.getKey();
      JsonNode value = setting.getValue();
      resolved.set(
          name,
          LEFT_TO_THE_SHELL.contains(name)
              ? value
              : resolved(value, JsonPointer.empty().appendProperty(name)));
    }
    return resolved;
  }

  private JsonNode resolved(JsonNode node, JsonPointer place) {
    if (node.isObject()) {
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        object.set(
            field.getKey(), resolved(field.getValue(), place.appendProperty(field.getKey())));
      }
      return object;
    }
    if (node.isArray()) {
      ArrayNode array = JsonNodeFactory.instance.arrayNode();
      for (JsonNode item : node) {
        array.add(resolved(item, place.appendIndex(array.size())));
      }
      return array;
    }
    return node.isTextual() ? text(node, place) : node;
  }

  private JsonNode text(JsonNode node, JsonPointer place) {
    String text = node.textValue();
    Matcher matcher = REFERENCE.matcher(text);
    StringBuilder resolved = new StringBuilder();
    int end = 0;
    while (matcher.find(end)) {
      resolved.append(text, end, matcher.start());
      if (!matcher.group(1).isEmpty()) {
        resolved.append("${");
        end = matcher.start(2);
        continue;
      }
      try {
        resolved.append(counted(matcher.group(2), !matcher.group(3).isEmpty(), place));
      } catch (FormatException e) {
        errors.add(e);
      }
      end = matcher.end();
    }
    resolved.append(text, end, text.length());
    return JsonNodeFactory.instance.textNode(resolved.toString());
  }

  /** Returns a value within the limits of the document; past them nothing is looked up. */
  private String counted(String expression, boolean closed, JsonPointer place)
      throws FormatException {
    references++;
    boolean over = references > MAX_REFERENCES + 1 || broughtIn > DocumentBuilder.MAX_TEXT;
    if (over || errors.size() >= DeploymentsDocument.MAX_PROBLEMS) {
      return "";
    }
    if (references > MAX_REFERENCES) {
      throw new FormatException(
          place, "has one reference too many: a file may have " + MAX_REFERENCES);
    }
    String value = value(expression, closed, place);
    broughtIn += value.length();
    if (broughtIn > DocumentBuilder.MAX_TEXT) {
      throw new FormatException(
          place, "has one reference too many: those of a file may bring in 16 MiB of text");
    }
    return value;
  }

  private String value(String expression, boolean closed, JsonPointer place)
      throws FormatException {
    Matcher variable = VARIABLE.matcher(expression);
    if (closed && expression.startsWith(FILE) && expression.length() > FILE.length()) {
      return contents(expression.substring(FILE.length()), place);
    }
    if (!closed || !variable.matches()) {
      throw new FormatException(
          place,
          "has a reference that is none of ${NAME}, ${NAME:-otherwise} and ${file:path}; write"
              + " $${ for a ${ that is meant as it is");
    }
    String value = environment.apply(variable.group(1));
    if (value == null) {
      value = variable.group(2);
    }
    if (value == null) {
      throw new FormatException(
          place, "needs the environment variable " + variable.group(1) + ", which is not set");
    }
    return value;
  }

  /** Returns a file's text without the line break that editors put at its end. */
  private String contents(String name, JsonPointer place) throws FormatException {
    try {
      String text = TextFile.read(directory.resolve(name), TextFile.MAX_SECRET);
      return text.endsWith("\r\n")
          ? text.substring(0, text.length() - 2)
          : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    } catch (InvalidPathException e) {
      throw new FormatException(place, "names a file that cannot exist");
    } catch (IOException e) {
      throw new FormatException(place, "needs a file: " + TextFile.describe(e));
    }
  }
}
