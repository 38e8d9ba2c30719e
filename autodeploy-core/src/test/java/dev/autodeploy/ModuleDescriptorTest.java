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
            "java.base", "com.fasterxml.jackson.databind", "org.jspecify", "org.slf4j");
  }

  @Test
  void core_exportsNoneOfItsInternalsToStrangers() throws IOException {
    var exports =
        descriptor().exports().stream()
            .collect(
                Collectors.toMap(
                    ModuleDescriptor.Exports::source, ModuleDescriptor.Exports::targets));

    assertThat(exports)
        .containsOnlyKeys(
            "dev.autodeploy",
            "dev.autodeploy.event",
            "dev.autodeploy.internal.document",
            "dev.autodeploy.internal.files",
            "dev.autodeploy.internal.net",
            "dev.autodeploy.internal.spec",
            "dev.autodeploy.internal.text",
            "dev.autodeploy.internal.util",
            "dev.autodeploy.spi");
    assertThat(exports.get("dev.autodeploy.internal.files"))
        .containsExactly("dev.autodeploy.docker");
    assertThat(exports.get("dev.autodeploy.internal.net"))
        .containsExactlyInAnyOrder(
            "dev.autodeploy.console", "dev.autodeploy.proxy", "dev.autodeploy.proxy.jdk");
  }

  private static ModuleDescriptor descriptor() throws IOException {
    Path file = Path.of("target", "classes", "module-info.class");
    try (InputStream in = Files.newInputStream(file)) {
      return ModuleDescriptor.read(in);
    }
  }
}
