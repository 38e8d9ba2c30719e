package dev.autodeploy.spring;

import dev.autodeploy.servlet.AutoDeployServlet;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;
import org.springframework.core.env.Environment;

/** Tells links the port that the web server has, once it listens. */
final class LinkPort implements ApplicationListener<ContextRefreshedEvent> {
  private final AutoDeployServlet links;
  private final Environment environment;

  LinkPort(AutoDeployServlet links, Environment environment) {
    this.links = links;
    this.environment = environment;
  }

  @Override
  public void onApplicationEvent(ContextRefreshedEvent event) {
    Integer port = environment.getProperty("local.server.port", Integer.class);
    if (port != null && port > 0) {
      links.listeningOn(port);
    }
  }
}
