package dev.autodeploy.benchmarks.peers;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.gateway.route.RouteLocator;
import org.springframework.cloud.gateway.route.builder.RouteLocatorBuilder;
import org.springframework.context.annotation.Bean;

/** Spring Cloud Gateway (WebFlux) in front of {@code http://127.0.0.1:<backend>}. */
@SpringBootApplication(proxyBeanMethods = false)
public class SpringCloudGateway {

  @Bean
  RouteLocator routes(RouteLocatorBuilder routes) {
    return routes
        .routes()
        .route(route -> route.path("/**").uri("http://127.0.0.1:" + System.getProperty("backend")))
        .build();
  }

  /**
   * Starts it.
   *
   * @param args the port, and the backend's port
   */
  public static void main(String[] args) {
    System.setProperty("backend", args[1]);
    SpringApplication application = new SpringApplication(SpringCloudGateway.class);
    application.setDefaultProperties(
        Map.of(
            "server.address", "127.0.0.1",
            "server.port", args[0],
            "logging.level.root", "WARN",
            "spring.main.banner-mode", "off"));
    application.run();
  }
}
