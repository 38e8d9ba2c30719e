package dev.autodeploy.spring;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.origin.Origin;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.TextResourceOrigin;
import org.springframework.core.env.Environment;

/**
 * The values that are read as something else than is written. Boot's YAML is that of version 1.1,
 * in which 18:00 is the number 1080, 0123 is 83, and on is true. What is a text to this library is
 * to be quoted then, and so is a number that is not the one that is written.
 */
final class YamlReadings {
  private static final ConfigurationPropertyName PREFIX =
      ConfigurationPropertyName.of(AutoDeployProperties.PREFIX);

  /** A word without quotes, behind an anchor or a tag. */
  private static final Pattern WORD =
      Pattern.compile("(?:[&!]\\S*\\s+)*([^\\s,\\[\\]{}#'\"&!*][^\\s,\\[\\]{}#]*)");

  /** A number with a base of 60 or 8. */
  private static final Pattern OTHER_BASE = Pattern.compile(".*:.*|[-+]?0[0-9_]+");

  /** The texts that are numbers, in whatever way these are written. */
  private static final Set<String> NUMBERS = Set.of("amount", "concurrency", "count");

  /** The properties whose values are in no message. */
  private static final Set<String> SECRETS =
      Set.of("environment", "headers", "bearertokens", "secret");

  private YamlReadings() {}

  /** Returns what is wrong, a line for each property. */
  static List<String> wrong(Environment environment) {
    List<String> wrong = new ArrayList<>();
    Set<ConfigurationPropertyName> seen = new HashSet<>();
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      if (source instanceof IterableConfigurationPropertySource all) {
        for (ConfigurationPropertyName name : all) {
          if (PREFIX.isAncestorOf(name) && seen.add(name)) { // the first that has it counts
            check(all.getConfigurationProperty(name), wrong);
          }
        }
      }
    }
    return wrong;
  }

  private static void check(@Nullable ConfigurationProperty property, List<String> wrong) {
    if (property == null
        || !(property.getValue() instanceof Number || property.getValue() instanceof Boolean)
        || !(place(property) instanceof TextResourceOrigin origin)) {
      return;
    }
    String written = written(origin);
    String read = String.valueOf(property.getValue());
    if (written == null || !isMisread(property.getName(), written, read)) {
      return;
    }
    String what =
        isSecret(property.getName())
            ? "what is written is read as something else by YAML 1.1; write it in quotes"
            : written + " is read as " + read + " by YAML 1.1; write '" + written + "' in quotes";
    wrong.add(property.getName() + ": " + what + " (" + origin + ")");
  }

  private static @Nullable Origin place(ConfigurationProperty property) {
    Origin origin = property.getOrigin();
    return origin instanceof PropertySourceOrigin of ? of.getOrigin() : origin;
  }

  private static boolean isMisread(ConfigurationPropertyName name, String written, String read) {
    return isText(name)
        ? !written.equals(read)
        : OTHER_BASE.matcher(written).matches() && !written.equals(read);
  }

  private static boolean isSecret(ConfigurationPropertyName name) {
    for (int i = 1; i < name.getNumberOfElements(); i++) {
      if (SECRETS.contains(name.getElement(i, Form.UNIFORM))) {
        return true;
      }
    }
    return false;
  }

  /** Returns the word at a place of a file, or null if there is none. */
  private static @Nullable String written(TextResourceOrigin origin) {
    if (origin.getResource() == null || origin.getLocation() == null) {
      return null;
    }
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(origin.getResource().getInputStream(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      for (int i = 0; i < origin.getLocation().getLine() && line != null; i++) {
        line = lines.readLine();
      }
      int column = origin.getLocation().getColumn();
      if (line == null || column > line.length()) {
        return null;
      }
      Matcher word = WORD.matcher(line).region(column, line.length());
      return word.lookingAt() ? word.group(1) : null;
    } catch (IOException e) {
      return null; // it has changed since it was read
    }
  }

  /** Returns whether a property is a text that is not a number. */
  private static boolean isText(ConfigurationPropertyName name) {
    Type type = AutoDeployProperties.class;
    String last = "";
    for (int i = 1; i < name.getNumberOfElements(); i++) {
      if (type instanceof Class<?> known && known.isRecord()) {
        last = name.getElement(i, Form.UNIFORM);
        RecordComponent component = component(known, last);
        if (component == null) {
          return true; // misspelt, which is told later
        }
        type = component.getGenericType();
      } else if (type instanceof ParameterizedType map && map.getRawType() == Map.class) {
        type = map.getActualTypeArguments()[1];
      } else if (type instanceof ParameterizedType list) {
        type = list.getActualTypeArguments()[0];
      }
    }
    return (type == String.class || type == URI.class || type == Path.class)
        && !NUMBERS.contains(last);
  }

  private static @Nullable RecordComponent component(Class<?> type, String name) {
    for (RecordComponent component : type.getRecordComponents()) {
      if (component.getName().equalsIgnoreCase(name)) {
        return component;
      }
    }
    return null;
  }
}
