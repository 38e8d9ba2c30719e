package dev.autodeploy.examples.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.kubernetes.KubernetesInstanceProvider;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every setting of every builder has its row, and the row tells the default that it has. */
class SettingsPagesTest {
  private static final Pattern SETTING = Pattern.compile("`([a-zA-Z]+)(\\([^`]*\\))?`");
  private static final Pattern NUMBER =
      Pattern.compile("(\\d[\\d ]*)( ?(ms|s|min|h|MiB|GiB))?\\b.*");

  @ParameterizedTest
  @CsvSource({
    "docs/settings.md, A deployment, dev.autodeploy.DeploymentSpec$Builder",
    "docs/settings.md, The engine, dev.autodeploy.AutoDeploy$Builder",
    "docs/providers.md, Local processes, dev.autodeploy.LocalProcessProvider$Builder",
    "docs/providers.md, Docker, dev.autodeploy.docker.DockerInstanceProvider$Builder",
    "docs/kubernetes.md, Settings, dev.autodeploy.kubernetes.KubernetesInstanceProvider$Builder",
    "docs/links.md, Settings, dev.autodeploy.proxy.jdk.JdkHttpProxy$Builder",
  })
  void table_hasARowForEverySetting_andNoOther(String page, String section, String builder)
      throws Exception {
    TreeSet<String> methods = new TreeSet<>();
    for (Class<?> type = Class.forName(builder);
        type != Object.class;
        type = type.getSuperclass()) {
      for (Method method : type.getDeclaredMethods()) {
        if (Modifier.isPublic(method.getModifiers()) && method.getReturnType().equals(type)) {
          methods.add(method.getName());
        }
      }
    }

    assertThat(new TreeSet<>(rows(page, section).keySet()))
        .as("the settings in '%s' of %s", section, page)
        .containsExactlyElementsOf(methods);
  }

  @Test
  void defaults_areTheRealOnes() throws Exception {
    try (AutoDeploy autoDeploy = AutoDeploy.builder().releaseOnShutdown(false).build()) {
      List<String> wrong = new ArrayList<>();
      int compared =
          compare("docs/settings.md", "A deployment", DeploymentSpec.builder("voice"), wrong)
              + compare("docs/settings.md", "The engine", AutoDeploy.builder(), wrong)
              + compare(
                  "docs/providers.md", "Local processes", LocalProcessProvider.builder(), wrong)
              + compare("docs/providers.md", "Docker", DockerInstanceProvider.builder(), wrong)
              + compare(
                  "docs/kubernetes.md", "Settings", KubernetesInstanceProvider.builder(), wrong)
              + compare("docs/links.md", "Settings", JdkHttpProxy.builder(autoDeploy), wrong);

      assertThat(wrong).isEmpty();
      assertThat(compared).as("settings whose default can be read").isGreaterThanOrEqualTo(30);
    }
  }

  /** Compares every default that is a number, a time or a yes or no, and returns how many. */
  private static int compare(String page, String section, Object builder, List<String> wrong)
      throws Exception {
    int compared = 0;
    for (Map.Entry<String, List<String>> row : rows(page, section).entrySet()) {
      String field =
          switch (row.getKey()) {
            case "keepInstancesOnClose" -> "keepInstances";
            case "gpuSharedMemoryBytes" -> "gpuSharedMemory";
            default -> row.getKey();
          };
      Object real = value(builder, field);
      Object said = said(row.getValue().get(0), real);
      if (said == null) {
        continue;
      }
      compared++;
      if (!said.equals(real)) {
        wrong.add(page + ": the default of " + row.getKey() + " is " + real + ", not " + said);
      }
    }
    return compared;
  }

  private static @Nullable Object value(Object builder, String name) throws Exception {
    for (Class<?> type = builder.getClass(); type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        field.setAccessible(true);
        if (field.getName().equals(name)) {
          return field.get(builder);
        }
        if (field.getName().equals("settings")) {
          return value(field.get(builder), name);
        }
      }
    }
    return null;
  }

  /** Returns what a page says, as the kind of value that the default is; null if neither is. */
  private static @Nullable Object said(String text, @Nullable Object real) {
    if (real instanceof Boolean) {
      return text.startsWith("true") || text.startsWith("yes");
    }
    boolean isTime = real instanceof Duration;
    if (!isTime && !(real instanceof Number)) {
      return null;
    }
    if (text.startsWith("unlimited")) {
      return real instanceof Long ? (Object) Long.MAX_VALUE : (Object) Integer.MAX_VALUE;
    }
    Matcher matcher = NUMBER.matcher(text);
    if (!matcher.matches()) {
      return text.startsWith("required") || text.startsWith("no limit") ? null : text;
    }
    long number = Long.parseLong(matcher.group(1).replace(" ", ""));
    String unit = matcher.group(3) == null ? "" : matcher.group(3);
    if (isTime) {
      return switch (unit) {
        case "ms" -> Duration.ofMillis(number);
        case "s" -> Duration.ofSeconds(number);
        case "min" -> Duration.ofMinutes(number);
        case "h" -> Duration.ofHours(number);
        default -> text + " (without a unit)";
      };
    }
    long value =
        switch (unit) {
          case "MiB" -> number << 20;
          case "GiB" -> number << 30;
          default -> number;
        };
    return real instanceof Long ? (Object) value : (Object) (int) value;
  }

  /** Returns setting to the cells that follow it, of the tables in a section. */
  private static Map<String, List<String>> rows(String page, String section) throws IOException {
    Map<String, List<String>> rows = new LinkedHashMap<>();
    boolean inside = false;
    boolean inTable = false;
    for (String line : Page.of(page).lines()) {
      if (line.startsWith("## ")) {
        inside = line.equals("## " + section);
      } else if (!line.startsWith("|")) {
        inTable = false;
      } else if (line.startsWith("| setting | default |")) {
        inTable = inside;
      } else if (inTable && line.startsWith("| `")) {
        List<String> cells = List.of(line.substring(1).split("\\|", -1));
        Matcher names = SETTING.matcher(cells.get(0));
        while (names.find()) {
          rows.put(names.group(1), cells.stream().skip(1).map(String::strip).toList());
        }
      }
    }
    assertThat(rows).as("the table in '%s' of %s", section, page).isNotEmpty();
    return rows;
  }
}
