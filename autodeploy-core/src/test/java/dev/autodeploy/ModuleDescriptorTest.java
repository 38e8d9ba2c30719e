package dev.autodeploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ModuleDescriptorTest {

  @Test
  void core_requiresOnlyTheAllowedModules() throws IOException {
    assertThat(descriptor().requires())
        .extracting(ModuleDescriptor.Requires::name)
        .containsExactlyInAnyOrder(
            "java.base",
            "com.fasterxml.jackson.databind",
            "org.jspecify",
            "org.slf4j",
            "org.snakeyaml.engine");
  }

  @Test
  void core_runsWithoutYaml() throws IOException {
    assertThat(descriptor().requires())
        .filteredOn(it -> it.name().equals("org.snakeyaml.engine"))
        .allMatch(it -> it.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC));
  }

  @Test
  void core_exportsNoneOfItsInternalsToStrangers() throws IOException {
    var exports =
        descriptor().exports().stream()
            .collect(
                Collectors.toMap(
                    ModuleDescriptor.Exports::source, ModuleDescriptor.Exports::targets));

    exports.forEach(
        (exported, targets) -> {
          if (exported.startsWith("dev.autodeploy.internal")) {
            assertThat(targets)
                .as("the modules that see %s", exported)
                .isNotEmpty()
                .allMatch(target -> target.startsWith("dev.autodeploy."));
          } else {
            assertThat(exported)
                .isIn(
                    "dev.autodeploy",
                    "dev.autodeploy.event",
                    "dev.autodeploy.replay",
                    "dev.autodeploy.spi");
          }
        });
    assertThat(exports)
        .doesNotContainKeys(
            "dev.autodeploy.internal",
            "dev.autodeploy.internal.decision",
            "dev.autodeploy.internal.deployment",
            "dev.autodeploy.internal.engine",
            "dev.autodeploy.internal.ledger",
            "dev.autodeploy.internal.runtime");
  }

  private static ModuleDescriptor descriptor() throws IOException {
    Path file = Path.of("target", "classes", "module-info.class");
    try (InputStream in = Files.newInputStream(file)) {
      return ModuleDescriptor.read(in);
    }
  }
}
