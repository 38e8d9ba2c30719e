package dev.autodeploy.spring;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.spec.BudgetJson;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecReader;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.util.unit.DataSize;

/**
 * Turns properties into specifications. They go through the document that the page's API takes, so
 * that the same checks hold and every error names its setting, here as a property.
 */
final class PropertySpecs {
  private PropertySpecs() {}

  /**
   * Makes the specifications.
   *
   * @param deployments the properties by deployment
   * @param given all that is written below each deployment, by its name
   */
  static List<DeploymentSpec> of(
      Map<String, DeploymentProperties> deployments, Map<String, Map<String, Object>> given) {
    List<DeploymentSpec> specs = new ArrayList<>();
    List<String> wrong = new ArrayList<>();
    deployments.forEach(
        (name, properties) -> {
          List<FormatException> errors = new ArrayList<>();
          ObjectNode document = document(name, properties);
          unknown(document, DeploymentProperties.class, given.getOrDefault(name, Map.of()));
          DeploymentSpec spec = SpecReader.given(document, null, errors);
          if (spec != null) {
            specs.add(spec);
          }
          for (FormatException error : errors) {
            wrong.add(property(name, error.pointer()) + ": " + error.getMessage());
          }
        });
    if (!wrong.isEmpty()) {
      throw new InvalidPropertiesException(wrong);
    }
    return specs;
  }

  /** Makes the engine's budget. */
  static Budget budget(DeploymentProperties.Spending properties) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    write(json, properties);
    try {
      return BudgetJson.read(Fields.of(json, JsonPointer.empty()));
    } catch (FormatException e) {
      String place = e.pointer().toString().replace('/', '.');
      throw new IllegalArgumentException(
          (place.isEmpty() ? "" : kebab(place.substring(1)) + " ") + e.getMessage(), e);
    }
  }

  /** Returns the property for a place in the document. */
  static String property(String deployment, JsonPointer place) {
    StringBuilder property =
        new StringBuilder(AutoDeployProperties.PREFIX + ".deployments." + deployment);
    for (JsonPointer at = place; !at.matches(); at = at.tail()) {
      String name = at.getMatchingProperty();
      if (at.getMatchingIndex() >= 0) {
        property.append('[').append(at.getMatchingIndex()).append(']');
      } else if (!name.equals("name")) {
        property.append('.').append(kebab(name));
      }
    }
    return property.toString();
  }

  private static String kebab(String name) {
    return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  private static ObjectNode document(String name, DeploymentProperties properties) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name);
    write(json, properties);
    return json;
  }

  /** Writes the components of a record, each under its own name; what is not given is left out. */
  private static void write(ObjectNode json, Record properties) {
    for (RecordComponent component : properties.getClass().getRecordComponents()) {
      Object value = value(component, properties);
      if (value != null && !isEmpty(value)) {
        write(json, component.getName(), value);
      }
    }
  }

  private static @Nullable Object value(RecordComponent component, Record properties) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(properties);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }

  private static boolean isEmpty(Object value) {
    return (value instanceof Collection<?> list && list.isEmpty())
        || (value instanceof Map<?, ?> map && map.isEmpty());
  }

  private static void write(ObjectNode json, String name, Object value) {
    if (value instanceof Record nested) {
      write(json.putObject(name), nested);
    } else if (value instanceof Collection<?> list) {
      ArrayNode array = json.putArray(name);
      list.forEach(
          one -> {
            if (one instanceof Record nested) {
              write(array.addObject(), nested);
            } else {
              array.add(String.valueOf(one));
            }
          });
    } else if (value instanceof Map<?, ?> map) {
      ObjectNode texts = json.putObject(name);
      map.forEach((key, text) -> texts.put(String.valueOf(key), String.valueOf(text)));
    } else if (value instanceof Boolean flag) {
      json.put(name, flag);
    } else if (value instanceof Integer number) {
      json.put(name, number);
    } else if (value instanceof Double number) {
      json.put(name, number);
    } else if (value instanceof DataSize size) {
      json.put(name, size.toBytes());
    } else {
      text(json, name, String.valueOf(value));
    }
  }

  /** Writes a duration as it prints itself, and a text; some settings have a way of their own. */
  private static void text(ObjectNode json, String name, String value) {
    switch (name) {
      case "idleTimeout" -> json.put(name, isoOrText(value));
      case "concurrency", "count" -> numberOrText(json, name, value);
      case "memory" -> json.put("memoryBytes", GpuRequest.memory(value).memoryBytes());
      case "pricePerHour" -> price(value, json.putObject(name));
      default -> json.put(name, value);
    }
  }

  /**
   * Adds what is none of the properties: Boot ignores a property that nobody asks for, and here the
   * check of the document finds a misspelt one.
   */
  private static void unknown(ObjectNode json, Class<?> type, Map<?, ?> given) {
    given.forEach(
        (key, value) -> {
          String name = camel(String.valueOf(key));
          RecordComponent known = component(type, name);
          if (known == null && !json.has(name)) {
            json.put(name, String.valueOf(value));
          } else if (known == null) {
            return; // a deployment's name is its key
          } else if (value instanceof Map<?, ?> nested && known.getType().isRecord()) {
            unknown(json.withObjectProperty(known.getName()), known.getType(), nested);
          } else if (value instanceof Map<?, ?> elements && known.getType() == List.class) {
            elements.forEach((index, element) -> unknown(json, known, index, element));
          }
        });
  }

  /** Adds what is unknown in an element of a list; one of which it knows nothing, Boot refuses. */
  private static void unknown(ObjectNode json, RecordComponent list, Object index, Object element) {
    String at = String.valueOf(index).replaceAll("[\\[\\]]", "");
    JsonNode known =
        json.path(list.getName()).path(at.matches("[0-9]{1,4}") ? Integer.parseInt(at) : -1);
    if (element instanceof Map<?, ?> given && known instanceof ObjectNode object) {
      unknown(object, element(list), given);
    }
  }

  /** Returns the component with this name, by Boot's relaxed rules. */
  private static @Nullable RecordComponent component(Class<?> type, String name) {
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.getName().equalsIgnoreCase(name.replaceAll("[-_]|\\[.*", ""))) {
        return component;
      }
    }
    return null;
  }

  private static Class<?> element(RecordComponent list) {
    Type element = ((ParameterizedType) list.getGenericType()).getActualTypeArguments()[0];
    return element instanceof Class<?> type ? type : Object.class;
  }

  private static String camel(String kebab) {
    return Pattern.compile("-(.)")
        .matcher(kebab)
        .replaceAll(match -> match.group(1).toUpperCase(Locale.ROOT));
  }

  private static void numberOrText(ObjectNode json, String name, String value) {
    if (value.matches("-?[0-9]{1,9}")) {
      json.put(name, Integer.parseInt(value));
    } else {
      json.put(name, value);
    }
  }

  /** Splits a price such as {@code 0.49 USD}. */
  private static void price(String text, ObjectNode json) {
    int space = text.strip().lastIndexOf(' ');
    json.put("amount", space < 0 ? text : text.strip().substring(0, space).strip());
    json.put("currency", space < 0 ? "" : text.strip().substring(space + 1));
  }

  /** Durations are written as everywhere in Boot; what is none is left for the check. */
  static @Nullable String isoOrText(@Nullable String value) {
    if (value == null) {
      return null;
    }
    try {
      return DurationStyle.detectAndParse(value).toString();
    } catch (IllegalArgumentException e) {
      return value;
    }
  }
}
