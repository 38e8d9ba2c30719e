package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.contract.TestInstance;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs in a JVM of its own, whose log it reads. */
@SuppressWarnings("StringConcatToTextBlock") // the line ends are CRLF
final class AccessLogTest {

  /** The program of the other JVM. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
      try (JdkLink link = new JdkLink(TestInstance.App.text("hello"))) {
        String secret = "Authorization: Bearer sk-header\r\nX-Key: sk-field\r\n";
        link.ask("GET /d/app/v1?key=sk-query HTTP/1.1\r\nHost: a\r\n" + secret + "\r\n");
        link.awaitQuiet();
        link.ask(
            "POST /d/app/v2 HTTP/1.1\r\nHost: a\r\n" + secret + "Content-Length: 7\r\n\r\nsk-body");
        link.ask("GET /d/nobody/ HTTP/1.1\r\nHost: a\r\n\r\n");
        link.awaitQuiet();
      }
    }
  }

  @Test
  void eachRequest_isALineWithoutAnySecret() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.slf4j.simpleLogger.log.dev.autodeploy.proxy.access=debug",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectErrorStream(true)
            .start();
    String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

    String access = "(?s).*DEBUG dev.autodeploy.proxy.access - 127.0.0.1 ";
    assertThat(log)
        .matches(access + "GET /d/app/v1 200 5 bytes \\d+ ms app-\\S+ cold waited \\d+ ms\n.*")
        .matches(access + "POST /d/app/v2 200 5 bytes \\d+ ms app-\\S+ waited \\d+ ms\n.*")
        .matches(access + "GET /d/nobody/ 404 0 bytes \\d+ ms\n.*")
        .doesNotContain("sk-");
  }
}
