package dev.autodeploy.spring;

import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.kubernetes.KubernetesInstanceProvider;
import dev.autodeploy.spi.InstanceProvider;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;

/** The provider that the properties name, or the class path offers. */
final class Providers {
  private static final String DOCKER = "dev.autodeploy.docker.DockerInstanceProvider";
  private static final String KUBERNETES = "dev.autodeploy.kubernetes.KubernetesInstanceProvider";

  private Providers() {}

  static InstanceProvider of(AutoDeployProperties properties, @Nullable ClassLoader loader) {
    String name = properties.provider();
    String chosen = name != null ? name : offered(loader);
    return switch (chosen) {
      case "local" -> LocalProcessProvider.create();
      case "docker" -> {
        require(chosen, DOCKER, loader);
        yield Docker.create();
      }
      case "kubernetes" -> {
        require(chosen, KUBERNETES, loader);
        yield Kubernetes.create(properties);
      }
      default ->
          throw new InvalidPropertiesException(
              "provider",
              "must be docker, kubernetes or local, but was '"
                  + chosen
                  + "'; for another one, define a bean of InstanceProvider",
              new IllegalArgumentException(chosen));
    };
  }

  private static String offered(@Nullable ClassLoader loader) {
    if (ClassUtils.isPresent(DOCKER, loader)) {
      return "docker";
    }
    return ClassUtils.isPresent(KUBERNETES, loader) ? "kubernetes" : "local";
  }

  private static void require(String name, String type, @Nullable ClassLoader loader) {
    if (!ClassUtils.isPresent(type, loader)) {
      throw new InvalidPropertiesException(
          "provider",
          name + " needs autodeploy-" + name + " on the class path",
          new ClassNotFoundException(type));
    }
  }

  /** Loaded only where autodeploy-docker is there. */
  private static final class Docker {
    static InstanceProvider create() {
      return DockerInstanceProvider.create();
    }
  }

  /** Loaded only where autodeploy-kubernetes is there. */
  private static final class Kubernetes {
    /** Of several replicas the election sees to it that only one engine is at work. */
    static InstanceProvider create(AutoDeployProperties properties) {
      KubernetesInstanceProvider.Builder builder =
          KubernetesInstanceProvider.builder().lockOwner(!properties.cluster().enabled());
      properties
          .kubernetes()
          .scaling()
          .forEach(
              (deployment, target) -> {
                try {
                  builder.scaling(deployment, target);
                } catch (IllegalArgumentException e) {
                  throw new InvalidPropertiesException(
                      "kubernetes.scaling." + deployment, String.valueOf(e.getMessage()), e);
                }
              });
      return builder.build();
    }
  }
}
