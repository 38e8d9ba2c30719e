package dev.autodeploy.spring;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.ModelRouter;
import dev.autodeploy.servlet.AutoDeployServlet;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.Servlet;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.web.filter.FormContentFilter;

/** Service links on the application's own port. */
@AutoConfiguration(
    after = AutoDeployAutoConfiguration.class,
    beforeName = {
      "org.springframework.boot.autoconfigure.web.servlet.WebMvcAutoConfiguration",
      "org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration"
    })
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({Servlet.class, FormContentFilter.class})
@ConditionalOnBean(AutoDeploy.class)
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX + ".links",
    name = "enabled",
    matchIfMissing = true)
class AutoDeployLinksAutoConfiguration {
  /**
   * The usual names of the cookies of Spring Session, and of Spring Security for a user to stay.
   */
  private static final String[] OF_SPRING = {"SESSION", "remember-me"};

  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnProperty(
      prefix = AutoDeployProperties.PREFIX + ".links.models",
      name = "enabled",
      havingValue = "true")
  ModelRouter autoDeployModelRouter(AutoDeployProperties properties) {
    AutoDeployProperties.Models models = properties.links().models();
    ModelRouter.Builder router = ModelRouter.builder();
    for (Map.Entry<String, String> name : models.names().entrySet()) {
      set("models.names." + name.getKey(), () -> router.models(name.getKey(), name.getValue()));
    }
    for (Map.Entry<String, String> name : models.sendAs().entrySet()) {
      set("models.send-as." + name.getKey(), () -> router.sendAs(name.getKey(), name.getValue()));
    }
    if (models.otherwise() != null) {
      router.otherwise(models.otherwise());
    }
    return router.build();
  }

  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  AutoDeployServlet autoDeployServlet(
      AutoDeploy autoDeploy,
      AutoDeployProperties properties,
      Environment environment,
      ObjectProvider<AccessCheck> access,
      ObjectProvider<ModelRouter> models,
      ObjectProvider<LinksCustomizer> customizers) {
    AutoDeployServlet.Builder builder = AutoDeployServlet.builder(autoDeploy);
    builder.port(environment.getProperty("server.port", Integer.class, 8080));
    builder.hiddenCookies(OF_SPRING);
    apply(properties.links(), builder);
    access.ifAvailable(builder::access);
    models.ifAvailable(builder::models);
    customizers.orderedStream().forEach(one -> one.customize(builder));
    return builder.start();
  }

  private static void apply(AutoDeployProperties.Links links, AutoDeployServlet.Builder builder) {
    builder.sandboxLinks(links.sandbox());
    builder.waitingPage(links.waitingPage());
    builder.trustForwardedHeaders(links.trustForwardedHeaders());
    if (links.everybody()) {
      builder.access(AccessCheck.everybody());
    }
    for (Map.Entry<String, String> token : links.bearerTokens().entrySet()) {
      set(
          "bearer-tokens." + token.getKey(),
          () -> builder.bearerToken(token.getKey(), token.getValue()));
    }
    if (links.publicUrl() != null) {
      var value = links.publicUrl();
      set("public-url", () -> builder.publicUrl(value));
    }
    set("allowed-hosts", () -> builder.allowedHosts(links.allowedHosts().toArray(new String[0])));
    set(
        "allowed-origins",
        () -> builder.allowedOrigins(links.allowedOrigins().toArray(new String[0])));
    if (links.maxWait() != null) {
      Duration value = links.maxWait();
      set("max-wait", () -> builder.maxWait(value));
    }
    if (links.maxPendingTotal() != null) {
      int value = links.maxPendingTotal();
      set("max-pending-total", () -> builder.maxPendingTotal(value));
    }
    if (links.responseTimeout() != null) {
      Duration value = links.responseTimeout();
      set("response-timeout", () -> builder.responseTimeout(value));
    }
    if (links.stallTimeout() != null) {
      Duration value = links.stallTimeout();
      set("stall-timeout", () -> builder.stallTimeout(value));
    }
    if (links.drainTimeout() != null) {
      Duration value = links.drainTimeout();
      set("drain-timeout", () -> builder.drainTimeout(value));
    }
    if (links.maxRequestBodyBytes() != null) {
      long value = links.maxRequestBodyBytes();
      set("max-request-body-bytes", () -> builder.maxRequestBody(value));
    }
  }

  private static void set(String property, Runnable step) {
    EngineFactory.set("links." + property, step);
  }

  @Bean
  @ConditionalOnMissingBean(name = "autoDeployServletRegistration")
  ServletRegistrationBean<AutoDeployServlet> autoDeployServletRegistration(
      AutoDeployServlet servlet, ObjectProvider<ModelRouter> models) {
    ModelRouter router = models.getIfAvailable();
    ServletRegistrationBean<AutoDeployServlet> registration =
        new ServletRegistrationBean<>(
            servlet,
            router == null ? AutoDeployServlet.mappings() : AutoDeployServlet.mappings(router));
    registration.setName("autoDeployServlet");
    registration.setAsyncSupported(true);
    registration.setLoadOnStartup(1);
    return registration;
  }

  /** An error page must not be written into a response of an instance that broke off. */
  @Bean
  @ConditionalOnMissingBean(name = "autoDeployBrokenResponseFilter")
  FilterRegistrationBean<Filter> autoDeployBrokenResponseFilter() {
    FilterRegistrationBean<Filter> registration =
        new FilterRegistrationBean<>(
            (request, response, chain) -> {
              if (!AutoDeployServlet.isCutOff(request)) {
                chain.doFilter(request, response);
              }
            });
    registration.setName("autoDeployBrokenResponseFilter");
    registration.setAsyncSupported(true);
    registration.setDispatcherTypes(EnumSet.of(DispatcherType.ERROR, DispatcherType.INCLUDE));
    registration.addUrlPatterns("/*");
    registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return registration;
  }

  /** Forms that are sent by PUT, PATCH and DELETE are for the instance, below links. */
  @Bean
  @ConditionalOnMissingBean(FormContentFilter.class)
  @ConditionalOnProperty(
      prefix = "spring.mvc.formcontent.filter",
      name = "enabled",
      matchIfMissing = true)
  FormContentFilter formContentFilter() {
    return new FormContentOutsideLinks();
  }

  @Bean
  @ConditionalOnMissingBean
  HeldRequestsLifecycle autoDeployHeldRequestsLifecycle(
      AutoDeployServlet links, Environment environment) {
    return new HeldRequestsLifecycle(
        links,
        environment.getProperty(
            "spring.lifecycle.timeout-per-shutdown-phase", Duration.class, Duration.ofSeconds(30)));
  }

  @Bean
  @ConditionalOnMissingBean
  LinkPort autoDeployLinkPort(AutoDeployServlet links, Environment environment) {
    return new LinkPort(links, environment);
  }
}
