package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.spec.SpecJson;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class PropertiesMetadataTest {

  @Test
  void everyProperty_hasMetadata() throws IOException {
    Set<String> expected = new TreeSet<>();
    collect("autodeploy", AutoDeployProperties.class, expected);
    Set<String> described = new TreeSet<>();
    try (InputStream in =
        Objects.requireNonNull(
            getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json"))) {
      for (JsonNode property : new ObjectMapper().readTree(in).get("properties")) {
        described.add(property.get("name").asText());
        assertThat(property.get("description").asText()).endsWith(".");
      }
    }

    assertThat(described).isEqualTo(expected);
  }

  private static void collect(String prefix, Class<?> type, Set<String> names) {
    for (RecordComponent component : type.getRecordComponents()) {
      String name = prefix + "." + kebab(component.getName());
      Class<?> of = component.getType();
      if (of == DeploymentProperties.Spending.class
          || of == AutoDeployProperties.Cluster.class
          || of == AutoDeployProperties.Kubernetes.class
          || of == AutoDeployProperties.Links.class
          || of == AutoDeployProperties.Models.class
          || of == AutoDeployProperties.Page.class) {
        collect(name, of, names);
      } else {
        names.add(name);
      }
    }
  }

  private static String kebab(String name) {
    return name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }

  @Test
  void propertiesOfADeployment_areItsSettings() {
    DeploymentSpec spec = DeploymentSpec.builder("a").port(1).build();
    List<String> settings = new ArrayList<>();
    SpecJson.write(spec, SpecJson.Secrets.HIDDEN).fieldNames().forEachRemaining(settings::add);
    settings.remove("name");
    settings.replaceAll(name -> name.equals("environmentNames") ? "environment" : name);

    assertThat(settings)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(DeploymentProperties.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList());
  }
}
