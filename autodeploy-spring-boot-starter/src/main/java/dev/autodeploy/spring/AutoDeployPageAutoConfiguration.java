package dev.autodeploy.spring;

import com.sun.net.httpserver.Authenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpPrincipal;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.console.Console;
import dev.autodeploy.internal.net.LoopbackHost;
import dev.autodeploy.servlet.AutoDeployServlet;
import dev.autodeploy.servlet.HttpHandlerServlet;
import jakarta.servlet.Servlet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;

/** The page, in the application and under its security. */
@AutoConfiguration(after = AutoDeployLinksAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({Console.class, Servlet.class})
@ConditionalOnBean(AutoDeploy.class)
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX + ".page",
    name = "enabled",
    matchIfMissing = true)
class AutoDeployPageAutoConfiguration {

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  Console autoDeployConsole(
      AutoDeploy autoDeploy,
      AutoDeployProperties properties,
      ObjectProvider<AutoDeployServlet> links,
      ObjectProvider<PageCustomizer> customizers) {
    AutoDeployProperties.Page page = properties.page();
    if (page.actions() && properties.links().enabled() && !properties.links().sandbox()) {
      throw new InvalidPropertiesException(
          "page.actions",
          "needs autodeploy.links.sandbox: pages of instances have the origin of this one, and"
              + " could use it in its user's name",
          new IllegalStateException("autodeploy.links.sandbox is false"));
    }
    Console.Builder builder = Console.builder(autoDeploy).actions(page.actions());
    AutoDeployServlet servlet = links.getIfAvailable();
    if (servlet != null) {
      builder.linkOf(servlet::serviceLink);
    }
    if (!page.allowedHosts().isEmpty()) {
      page.allowedHosts()
          .forEach(
              host -> EngineFactory.set("page.allowed-hosts", () -> builder.allowedHost(host)));
    }
    builder.authenticator(
        new ApplicationUsers(
            page.allowedHosts().stream()
                .map(host -> host.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet())));
    customizers.orderedStream().forEach(one -> one.customize(builder));
    return builder.build();
  }

  @Bean
  @ConditionalOnMissingBean(name = "autoDeployPageRegistration")
  ServletRegistrationBean<HttpHandlerServlet> autoDeployPageRegistration(
      Console console, AutoDeployProperties properties) {
    String path = properties.page().path();
    if (!path.startsWith("/") || path.equals("/") || path.startsWith("/d/") || path.endsWith("/")) {
      throw new InvalidPropertiesException(
          "page.path",
          "must begin with a slash, not end with one, and be neither / nor below /d/",
          new IllegalArgumentException(path));
    }
    ServletRegistrationBean<HttpHandlerServlet> registration =
        new ServletRegistrationBean<>(
            HttpHandlerServlet.of(console.handler(path + "/")), path, path + "/*");
    registration.setName("autoDeployPage");
    registration.setAsyncSupported(true);
    return registration;
  }

  /**
   * The users that the application has signed in. Without any, the page is for this machine, as the
   * application has no security in front of it; and under the names of this machine only, or a web
   * page of somebody else could have a name of its own that leads here.
   */
  private static final class ApplicationUsers extends Authenticator {
    private final Set<String> hosts;

    ApplicationUsers(Set<String> hosts) {
      this.hosts = hosts;
    }

    @Override
    public Result authenticate(HttpExchange exchange) {
      HttpPrincipal user = exchange.getPrincipal();
      if (user != null) {
        return new Success(user);
      }
      boolean here = exchange.getLocalAddress().getAddress().isLoopbackAddress();
      return here && isOwn(exchange.getRequestHeaders().getFirst("Host"))
          ? new Success(new HttpPrincipal("local", "autodeploy"))
          : new Failure(403);
    }

    private boolean isOwn(@Nullable String authority) {
      String lower = String.valueOf(authority).toLowerCase(Locale.ROOT);
      int colon = lower.lastIndexOf(':');
      String host = colon > lower.lastIndexOf(']') ? lower.substring(0, colon) : lower;
      return LoopbackHost.isLoopback(host) || host.endsWith(".localhost") || hosts.contains(host);
    }
  }
}
