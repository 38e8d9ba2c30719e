package dev.autodeploy.internal.declared;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * YAML 1.2 as a tree with places: the parser's events only, so that no tag makes an object. An
 * unquoted word is a number, a truth value or null as in JSON, and a text otherwise, also {@code
 * no} and {@code 0x1f}. Aliases count as what they stand for.
 */
final class YamlText {
  private static final String TEXT_TAG = "tag:yaml.org,2002:str";
  private static final Pattern WHOLE = Pattern.compile("[-+]?[0-9]+");
  private static final Pattern FRACTION =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]{1,9})?");

  /** The most digits of a number: more take long to convert. */
  private static final int MAX_NUMBER = 1000;

  private final DocumentBuilder builder = new DocumentBuilder();
  private final Map<Anchor, JsonNode> anchors = new HashMap<>();
  private final Iterator<Event> events;

  private YamlText(Iterator<Event> events) {
    this.events = events;
  }

  static Document read(String text) throws DocumentException {
    LoadSettings settings = LoadSettings.builder().build();
    try {
      return new YamlText(new ParserImpl(settings, new StreamReader(settings, text))).document();
    } catch (MarkedYamlEngineException e) {
      throw new DocumentException(
          "it is not valid YAML: " + e.getProblem(), at(e.getProblemMark()));
    } catch (YamlEngineException e) { // the reader's: a character that no YAML may have
      throw new DocumentException("it is not valid YAML", Place.START);
    }
  }

  private Document document() throws DocumentException {
    events.next(); // the stream begins
    Event start = events.next();
    if (start.getEventId() == Event.ID.StreamEnd) {
      throw new DocumentException("it is empty", Place.START);
    }
    JsonNode root = value(events.next(), JsonPointer.empty(), 0);
    events.next(); // the document ends
    Event end = events.next();
    if (end.getEventId() != Event.ID.StreamEnd) {
      throw new DocumentException("it has a second document; only one is read", at(end));
    }
    return builder.document(root);
  }

  private JsonNode value(Event event, JsonPointer pointer, int depth) throws DocumentException {
    if (event instanceof AliasEvent alias) {
      JsonNode node = anchors.get(alias.getAlias());
      if (node == null) {
        throw new DocumentException("an alias has no anchor before it", at(event));
      }
      return builder.copy(node, depth, at(event));
    }
    JsonNode node =
        event instanceof ScalarEvent scalar
            ? builder.counted(scalar(scalar), at(event))
            : collection((CollectionStartEvent) event, pointer, depth);
    ((NodeEvent) event).getAnchor().ifPresent(anchor -> anchors.put(anchor, node));
    return node;
  }

  private JsonNode collection(CollectionStartEvent start, JsonPointer pointer, int depth)
      throws DocumentException {
    refuseTag(start.getTag(), start);
    builder.enter(depth, at(start));
    // An alias inside of it to itself would never end.
    start.getAnchor().ifPresent(anchors::remove);
    return start.getEventId() == Event.ID.MappingStart
        ? mapping(start, pointer, depth)
        : sequence(start, pointer, depth);
  }

  private ObjectNode mapping(Event start, JsonPointer pointer, int depth) throws DocumentException {
    ObjectNode object = builder.counted(JsonNodeFactory.instance.objectNode(), at(start));
    for (Event key = events.next(); key.getEventId() != Event.ID.MappingEnd; key = events.next()) {
      if (!(key instanceof ScalarEvent name)) {
        throw new DocumentException("the name of a field must be a text", at(key));
      }
      refuseTag(name.getTag(), name);
      if (name.isPlain() && name.getValue().equals("<<")) {
        throw new DocumentException(
            "merge keys (<<) are not part of YAML 1.2; an alias can stand for a whole value",
            at(key));
      }
      builder.field(
          object,
          name.getValue(),
          at(key),
          pointer,
          depth,
          (at, inside) -> value(events.next(), at, inside));
    }
    return object;
  }

  private ArrayNode sequence(Event start, JsonPointer pointer, int depth) throws DocumentException {
    ArrayNode array = builder.counted(JsonNodeFactory.instance.arrayNode(), at(start));
    for (Event item = events.next();
        item.getEventId() != Event.ID.SequenceEnd;
        item = events.next()) {
      Event found = item;
      builder.item(array, at(item), pointer, depth, (at, inside) -> value(found, at, inside));
    }
    return array;
  }

  private static JsonNode scalar(ScalarEvent scalar) throws DocumentException {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    String value = scalar.getValue();
    if (scalar.getTag().isPresent()) {
      refuseTag(scalar.getTag(), scalar);
      return nodes.textNode(value);
    }
    if (!scalar.isPlain()) {
      return nodes.textNode(value);
    }
    return switch (value) {
      case "", "~", "null", "Null", "NULL" -> nodes.nullNode();
      case "true", "True", "TRUE" -> nodes.booleanNode(true);
      case "false", "False", "FALSE" -> nodes.booleanNode(false);
      default -> numberOrText(value);
    };
  }

  private static JsonNode numberOrText(String value) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (value.length() > MAX_NUMBER) {
      return nodes.textNode(value);
    }
    if (WHOLE.matcher(value).matches()) {
      return nodes.numberNode(new BigInteger(value));
    }
    if (FRACTION.matcher(value).matches()) {
      return nodes.numberNode(new BigDecimal(value));
    }
    return nodes.textNode(value);
  }

  private static void refuseTag(Optional<String> tag, Event event) throws DocumentException {
    if (tag.isPresent() && !tag.get().equals("!") && !tag.get().equals(TEXT_TAG)) {
      throw new DocumentException("tags are not read", at(event));
    }
  }

  private static Place at(Event event) {
    return at(event.getStartMark());
  }

  private static Place at(Optional<Mark> mark) {
    return mark.map(it -> new Place(it.getLine() + 1, it.getColumn() + 1)).orElse(Place.START);
  }
}
