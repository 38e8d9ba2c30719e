package dev.autodeploy.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.Environment;

/**
 * The check of a WebFlux application, which has no servlets: properties of links and page would be
 * without effect, and are refused.
 */
@AutoConfiguration(before = AutoDeployAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
@ConditionalOnProperty(
    prefix = AutoDeployProperties.PREFIX,
    name = "enabled",
    matchIfMissing = true)
class AutoDeployReactiveAutoConfiguration {

  AutoDeployReactiveAutoConfiguration(Environment environment) {
    List<String> wrong = new ArrayList<>();
    check(environment, "links", "start a JdkHttpProxy or NettyHttpProxy as a bean", wrong);
    check(environment, "page", "mount a Console on a JDK HttpServer", wrong);
    if (!wrong.isEmpty()) {
      throw new InvalidPropertiesException(wrong);
    }
  }

  private static void check(
      Environment environment, String group, String instead, List<String> wrong) {
    String prefix = AutoDeployProperties.PREFIX + "." + group;
    Map<String, Object> given =
        Binder.get(environment)
            .bind(prefix, Bindable.mapOf(String.class, Object.class))
            .orElse(Map.of());
    boolean off = "false".equals(String.valueOf(given.get("enabled")));
    if (!given.isEmpty() && !off) {
      wrong.add(
          "%s: needs a servlet container, and this is a WebFlux application; %s, and set %s.enabled=false or leave %s out"
              .formatted(prefix, instead, prefix, prefix));
    }
  }
}
