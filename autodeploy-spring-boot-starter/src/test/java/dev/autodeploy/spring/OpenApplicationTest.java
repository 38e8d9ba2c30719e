package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** An application without any security, as on the machine of who develops it. */
@Timeout(120)
final class OpenApplicationTest {
  private ConfigurableApplicationContext context;

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({
    ServletWebServerFactoryAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class,
    AutoDeployAutoConfiguration.class,
    AutoDeployLinksAutoConfiguration.class,
    AutoDeployPageAutoConfiguration.class
  })
  static class Application {
    @Bean
    ServersInThisJvm instances() {
      return new ServersInThisJvm();
    }
  }

  private void run(String... properties) {
    context =
        new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.SERVLET)
            .properties(
                "server.port=0",
                "server.address=127.0.0.1",
                "spring.main.banner-mode=off",
                "autodeploy.deployments.voice.port=0",
                "autodeploy.deployments.voice.start-command=x")
            .properties(properties)
            .run();
  }

  @AfterEach
  void end() {
    if (context != null) {
      context.close();
    }
  }

  /** Returns the status line of an answer. */
  private String get(String path, String host) throws IOException {
    int port = ((WebServerApplicationContext) context).getWebServer().getPort();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      String request =
          "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      String answer =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      return answer.lines().findFirst().orElse("");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/autodeploy/", "/autodeploy/-/api/session", "/-/status", "/d/voice/"})
  void nameOfSomebodyElse_thatLeadsHere_getsNothing(String path) throws IOException {
    run();

    assertThat(get(path, "rebound.example:8080")).containsAnyOf(" 403", " 421");
    assertThat(get(path, "127.0.0.1.example")).containsAnyOf(" 403", " 421");
    assertThat(get(path, "localhost:8080")).contains(" 200");
    assertThat(get(path, "page.localhost")).contains(path.startsWith("/auto") ? " 200" : " 421");
    assertThat(get(path, "[::1]:8080")).contains(" 200");
  }

  @Test
  void allowedHosts_areThoseOfThePageToo() throws IOException {
    run("autodeploy.page.allowed-hosts=Ops.Example.com");

    assertThat(get("/autodeploy/-/api/session", "ops.example.com")).contains(" 200");
    assertThat(get("/autodeploy/-/api/session", "other.example.com")).contains(" 421");
  }
}
