package dev.autodeploy.spring;

import dev.autodeploy.Cluster;
import dev.autodeploy.jdbc.JdbcLeaderElection;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.LeaderElection;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.util.ClassUtils;

/** A replica as the properties describe it. */
final class Replicas {
  private static final String JDBC = "dev.autodeploy.jdbc.JdbcLeaderElection";

  private Replicas() {}

  static LeaderElection election(
      AutoDeployProperties properties,
      ObjectProvider<DataSource> sources,
      @Nullable ClassLoader loader) {
    String owner = owner(properties);
    if (!ClassUtils.isPresent(JDBC, loader)) {
      throw invalid(
          "enabled", "needs autodeploy-jdbc on the class path, or a bean of LeaderElection");
    }
    DataSource source = sources.getIfUnique();
    if (source == null) {
      throw invalid(
          "enabled",
          "needs one DataSource, which keeps the state and elects the leader: of several, mark one"
              + " as @Primary, or define a bean of LeaderElection");
    }
    String name = properties.cluster().name();
    return set(
        name == null ? "owner" : "cluster.name",
        () -> Jdbc.election(source, name == null ? owner : name, properties.cluster()));
  }

  static Cluster of(
      AutoDeployProperties properties,
      LeaderElection election,
      Supplier<? extends InstanceProvider> providers) {
    owner(properties);
    if (properties.stateDirectory() != null && !properties.stateDirectory().toString().isEmpty()) {
      throw new InvalidPropertiesException(
          "state-directory",
          "must not be set with autodeploy.cluster.enabled, as the database keeps the state",
          new IllegalArgumentException());
    }
    AutoDeployProperties.Cluster wanted = properties.cluster();
    Cluster.Builder builder = Cluster.builder(election, providers);
    String listen = wanted.listen();
    if (listen != null) {
      set("cluster.listen", () -> builder.listen(address(listen)));
    }
    URI advertise = wanted.advertise();
    if (advertise != null) {
      set("cluster.advertise", () -> builder.advertise(advertise));
    }
    String secret = wanted.secret();
    if (secret != null) {
      set("cluster.secret", () -> builder.secret(secret));
    }
    Duration term = wanted.term();
    if (term != null) {
      set("cluster.term", () -> builder.term(term));
    }
    return set("cluster.listen", builder::build);
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    try {
      String host = text.substring(0, Math.max(colon, 0));
      int port = Integer.parseInt(text.substring(colon + 1));
      if (colon > 0) {
        return new InetSocketAddress(host.replaceAll("^\\[(.*)]$", "$1"), port);
      }
    } catch (IllegalArgumentException e) {
      // told below
    }
    throw new IllegalArgumentException(
        "must be an address and a port, such as 0.0.0.0:7070, but was '" + text + "'");
  }

  private static String owner(AutoDeployProperties properties) {
    String owner = properties.owner();
    if (owner == null) {
      throw new InvalidPropertiesException(
          "owner",
          "must be set with autodeploy.cluster.enabled, the same for all replicas",
          new IllegalArgumentException());
    }
    return owner;
  }

  private static <T> T set(String property, Supplier<T> step) {
    try {
      return step.get();
    } catch (IllegalArgumentException e) {
      throw new InvalidPropertiesException(property, String.valueOf(e.getMessage()), e);
    }
  }

  private static InvalidPropertiesException invalid(String property, String problem) {
    return new InvalidPropertiesException(
        "cluster." + property, problem, new IllegalArgumentException());
  }

  /** Loaded only where autodeploy-jdbc is there. */
  private static final class Jdbc {
    static LeaderElection election(
        DataSource source, String name, AutoDeployProperties.Cluster cluster) {
      return JdbcLeaderElection.builder(source)
          .name(name)
          .createTables(cluster.createTables())
          .build();
    }
  }
}
