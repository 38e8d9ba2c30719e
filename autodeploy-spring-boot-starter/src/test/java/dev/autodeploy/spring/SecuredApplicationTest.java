package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentState;
import dev.autodeploy.servlet.AutoDeployServlet;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.jackson.JacksonEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.servlet.ServletManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.http.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.autoconfigure.jackson.JacksonAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration;
import org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.DispatcherServletAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;

/** Links and page in an application behind Spring Security: its chain decides. */
@Timeout(120)
final class SecuredApplicationTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private ConfigurableApplicationContext context;

  /** As an application's authors write it. */
  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({
    ServletWebServerFactoryAutoConfiguration.class,
    DispatcherServletAutoConfiguration.class,
    WebMvcAutoConfiguration.class,
    JacksonAutoConfiguration.class,
    HttpMessageConvertersAutoConfiguration.class,
    SecurityAutoConfiguration.class,
    SecurityFilterAutoConfiguration.class,
    EndpointAutoConfiguration.class,
    JacksonEndpointAutoConfiguration.class,
    WebEndpointAutoConfiguration.class,
    ManagementContextAutoConfiguration.class,
    ServletManagementContextAutoConfiguration.class,
    AutoDeployAutoConfiguration.class,
    AutoDeployLinksAutoConfiguration.class,
    AutoDeployPageAutoConfiguration.class,
    AutoDeployActuatorAutoConfiguration.class
  })
  static class Application {
    @Bean
    ServersInThisJvm instances() {
      return new ServersInThisJvm();
    }

    @Bean
    UserDetailsService users() {
      return new InMemoryUserDetailsManager(
          User.withUsername("operator").password("{noop}o").roles("OPERATOR").build(),
          User.withUsername("caller").password("{noop}c").roles("CALLER").build());
    }

    @Bean
    SecurityFilterChain chain(HttpSecurity http, CsrfOf csrf) throws Exception {
      return http.authorizeHttpRequests(
              requests ->
                  requests
                      .requestMatchers("/autodeploy", "/autodeploy/**")
                      .hasRole("OPERATOR")
                      .requestMatchers("/d/**")
                      .hasAnyRole("OPERATOR", "CALLER")
                      .anyRequest()
                      .permitAll())
          .httpBasic(Customizer.withDefaults())
          .csrf(it -> it.ignoringRequestMatchers(csrf.exempt().toArray(new String[0])))
          .build();
    }
  }

  /** The paths that Spring's protection against forged requests leaves out. */
  record CsrfOf(List<String> exempt) {}

  private void run(List<String> exempt, String... properties) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "server.port=0",
                "spring.main.banner-mode=off",
                "autodeploy.deployments.voice.port=0",
                "autodeploy.deployments.voice.start-command=x"));
    all.addAll(List.of(properties));
    context =
        new SpringApplicationBuilder(Application.class)
            .web(WebApplicationType.SERVLET)
            .properties(all.toArray(new String[0]))
            .initializers(
                made ->
                    ((org.springframework.context.support.GenericApplicationContext) made)
                        .registerBean(CsrfOf.class, () -> new CsrfOf(exempt)))
            .run();
  }

  @AfterEach
  void end() {
    if (context != null) {
      context.close();
    }
  }

  private HttpResponse<String> send(String user, String method, String path, String... fields)
      throws Exception {
    int port = ((WebServerApplicationContext) context).getWebServer().getPort();
    return send(port, user, method, path, fields);
  }

  private HttpResponse<String> send(
      int port, String user, String method, String path, String... fields) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
            .method(
                method,
                method.equals("GET")
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString("{}"))
            .header("Content-Type", "application/json");
    if (!user.isEmpty()) {
      byte[] credentials = (user + ":" + user.charAt(0)).getBytes(StandardCharsets.UTF_8);
      request.header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials));
    }
    for (int i = 0; i < fields.length; i += 2) {
      request.header(fields[i], fields[i + 1]);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private int starts() {
    return context.getBean(ServersInThisJvm.class).started.get();
  }

  @Test
  void chain_decidesWhoUsesLinksAndPage() throws Exception {
    run(List.of("/d/**"));

    for (String path : List.of("/autodeploy/", "/autodeploy/-/api/deployments", "/d/voice/x")) {
      assertThat(send("", "GET", path).statusCode()).as(path).isEqualTo(401);
    }
    assertThat(send("caller", "GET", "/autodeploy/").statusCode()).isEqualTo(403);
    assertThat(send("caller", "GET", "/autodeploy").statusCode()).isEqualTo(403);
    assertThat(starts()).isZero();

    assertThat(send("caller", "POST", "/d/voice/x").body()).isEqualTo("at /d/voice");
    HttpResponse<String> page = send("operator", "GET", "/autodeploy/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.body()).contains("<!DOCTYPE html>");
    assertThat(send("operator", "GET", "/autodeploy/-/api/deployments").body()).contains("voice");
  }

  @Test
  void credentialsOfTheApplication_doNotReachInstances() throws Exception {
    run(List.of("/d/**"));
    String cookies = "JSESSIONID=a; SESSION=b; remember-me=c; mine=d";

    assertThat(send("operator", "POST", "/d/voice/x", "Cookie", cookies).statusCode())
        .isEqualTo(200);

    assertThat(context.getBean(ServersInThisJvm.class).credentials).isEqualTo("null mine=d");
  }

  @Test
  void page_onlyReads_unlessActionsAreAllowed() throws Exception {
    run(List.of("/d/**", "/autodeploy/**"));
    String start = "/autodeploy/-/api/deployments/voice/start";

    assertThat(send("operator", "GET", "/autodeploy/-/api/session").body())
        .contains("\"actions\":false");
    HttpResponse<String> refused = send("operator", "POST", start);
    assertThat(refused.statusCode()).isEqualTo(403);
    assertThat(refused.body()).contains("read-only");
    assertThat(starts()).isZero();
  }

  @Test
  void actions_needThePagesOwnToken_whereSpringsIsLeftOut() throws Exception {
    run(List.of("/d/**", "/autodeploy/**"), "autodeploy.page.actions=true");
    String start = "/autodeploy/-/api/deployments/voice/start";

    assertThat(send("operator", "POST", start).statusCode()).isEqualTo(403);
    assertThat(send("caller", "POST", start).statusCode()).isEqualTo(403);
    assertThat(starts()).isZero();

    String session = send("operator", "GET", "/autodeploy/-/api/session").body();
    String token = new ObjectMapper().readTree(session).path("token").asText();
    assertThat(send("operator", "POST", start, "X-AutoDeploy-Token", token).statusCode())
        .isEqualTo(202);
  }

  @Test
  void linksThatAreNotLeftOutOfSpringsCsrf_refuseAndWakeNothing() throws Exception {
    run(List.of("/elsewhere"));

    assertThat(send("caller", "POST", "/d/voice/x").statusCode()).isEqualTo(403);
    assertThat(starts()).isZero();
    assertThat(send("caller", "GET", "/d/voice/x").statusCode()).isEqualTo(200);
  }

  @Test
  void contextPathAndManagementPort_areTheirs() throws Exception {
    run(
        List.of("/d/**"),
        "server.servlet.context-path=/shop",
        "management.server.port=0",
        "management.endpoints.web.exposure.include=autodeploy",
        "autodeploy.links.trust-forwarded-headers=true");

    assertThat(send("caller", "POST", "/shop/d/voice/x").body()).isEqualTo("at /shop/d/voice");
    assertThat(send("caller", "POST", "/shop/d/voice/x", "X-Forwarded-Prefix", "/eu").body())
        .isEqualTo("at /eu/shop/d/voice");
    assertThat(send("operator", "GET", "/shop/autodeploy/").statusCode()).isEqualTo(200);
    int port = ((WebServerApplicationContext) context).getWebServer().getPort();
    AutoDeploy engine = context.getBean(AutoDeploy.class);
    assertThat(context.getBean(AutoDeployServlet.class).serviceLink(engine.deployment("voice")))
        .hasToString("http://localhost:" + port + "/shop/d/voice");
    assertThat(engine.deployment("voice").status().state()).isEqualTo(DeploymentState.RUNNING);

    Integer management =
        context.getEnvironment().getProperty("local.management.port", Integer.class);
    assertThat(management).isNotNull().isNotEqualTo(port);
    assertThat(send(management, "", "GET", "/actuator/autodeploy").body()).contains("RUNNING");
    assertThat(send("", "GET", "/shop/actuator/autodeploy").statusCode()).isEqualTo(404);
    assertThat(send(management, "caller", "GET", "/d/voice/x").statusCode()).isEqualTo(404);
  }
}
