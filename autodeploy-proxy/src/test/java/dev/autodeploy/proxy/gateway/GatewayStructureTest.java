package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class GatewayStructureTest {

  @Test
  void gateway_knowsNothingOfTheJdksServer() throws IOException {
    Path classes = Path.of("target", "classes", "dev", "autodeploy", "proxy", "gateway");
    try (Stream<Path> files = Files.walk(classes)) {
      List<Path> all = files.filter(file -> file.toString().endsWith(".class")).toList();
      assertThat(all).hasSizeGreaterThan(20);
      for (Path file : all) {
        // Class names stand in a class file as they are.
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain("com/sun/net/httpserver")
            .doesNotContain("dev/autodeploy/proxy/jdk");
      }
    }
  }
}
