package dev.autodeploy.spring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Cluster;
import dev.autodeploy.Deployment;
import dev.autodeploy.jdbc.JdbcLeaderElection;
import dev.autodeploy.kubernetes.KubernetesInstanceProvider;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.StateStore;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Several replicas of an application, by properties. */
@Timeout(60)
final class ReplicasTest {
  private final ApplicationContextRunner context =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  AutoDeployClusterAutoConfiguration.class,
                  AutoDeployAutoConfiguration.class,
                  AutoDeployActuatorAutoConfiguration.class))
          .withPropertyValues(
              "autodeploy.provider=local",
              "autodeploy.owner=voice",
              "autodeploy.cluster.enabled=true",
              "autodeploy.cluster.term=10s",
              "autodeploy.deployments.voice.port=0",
              "autodeploy.deployments.voice.start-command=x");

  private ApplicationContextRunner replica(Row row) {
    return context
        .withPropertyValues("autodeploy.cluster.listen=127.0.0.1:0")
        .withBean(LeaderElection.class, () -> new ByRow(row))
        .withBean(
            InstanceProvider.class,
            ServersInThisJvm::new,
            definition -> definition.setScope(BeanDefinition.SCOPE_PROTOTYPE));
  }

  @Test
  void twoReplicas_oneLeads_theOtherAsks_andTakesOver() {
    Row row = new Row();
    replica(row)
        .run(
            other -> {
              until(() -> other.getBean(AutoDeploy.class).leads());
              replica(row)
                  .run(
                      follower -> {
                        AutoDeploy first = other.getBean(AutoDeploy.class);
                        AutoDeploy second = follower.getBean(AutoDeploy.class);
                        Deployment voice = second.deployment("voice");
                        voice.acquire(Duration.ofSeconds(20)).close();
                        assertThat(second.leads()).isFalse();
                        assertThat(first.deployment("voice").status().starts()).isEqualTo(1);
                        assertThat(health(follower)).isEqualTo("UP");

                        other.getBean(HandOverLifecycle.class).stop();

                        until(second::leads);
                        voice.acquire(Duration.ofSeconds(20)).close();
                      });
            });
  }

  @Test
  void replicaThatReachesNoLeader_isOutOfService() {
    Row row = new Row();
    row.campaign("somebody else", "", 0, Duration.ofMinutes(5));

    replica(row).run(run -> assertThat(health(run)).isEqualTo("OUT_OF_SERVICE"));
  }

  private static String health(AssertableApplicationContext context) {
    return context.getBean(HealthIndicator.class).health().getStatus().getCode();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(20);
    }
  }

  @Test
  void dataSource_electsTheLeader() {
    context
        .withBean(DataSource.class, NoDatabase::new)
        .run(
            run -> {
              assertThat(run).hasNotFailed().hasSingleBean(Cluster.class);
              assertThat(run.getBean(LeaderElection.class)).isInstanceOf(JdbcLeaderElection.class);
              assertThat(run.getBean(AutoDeploy.class).leads()).isFalse();
            });
  }

  @Test
  void podsOfReplicas_areHeldByTheElection() {
    context
        .withPropertyValues(
            "autodeploy.provider=kubernetes",
            "autodeploy.deployments.voice.image=breezyvoice:1",
            "autodeploy.deployments.voice.port=8080")
        .withBean(LeaderElection.class, () -> new ByRow(new Row()))
        .run(
            run ->
                assertThat(run.getBean(InstanceProvider.class))
                    .isInstanceOf(KubernetesInstanceProvider.class)
                    .isNotSameAs(run.getBean(InstanceProvider.class)));
  }

  @Test
  void clusterOfTheApplication_isTheOne() {
    LeaderElection election = new ByRow(new Row());
    context
        .withPropertyValues("autodeploy.cluster.enabled=false")
        .withBean(Cluster.class, () -> Cluster.builder(election, ServersInThisJvm::new).build())
        .run(
            run -> {
              assertThat(run)
                  .hasNotFailed()
                  .hasSingleBean(HandOverLifecycle.class)
                  .doesNotHaveBean(InstanceProvider.class);
              until(() -> run.getBean(AutoDeploy.class).leads());
            });
  }

  @Test
  void withoutACluster_nothingIsHandedOver() {
    context
        .withPropertyValues("autodeploy.cluster.enabled=false")
        .run(
            run ->
                assertThat(run)
                    .hasNotFailed()
                    .doesNotHaveBean(Cluster.class)
                    .doesNotHaveBean(HandOverLifecycle.class));
  }

  @Test
  void wrongProperties_areNamed() {
    fails(context, "autodeploy.cluster.enabled: needs one DataSource");
    fails(
        context.withClassLoader(new FilteredClassLoader(JdbcLeaderElection.class)),
        "autodeploy.cluster.enabled: needs autodeploy-jdbc");
    ApplicationContextRunner elected =
        context.withBean(LeaderElection.class, () -> new ByRow(new Row()));
    fails(elected.withPropertyValues("autodeploy.owner="), "autodeploy.owner: ");
    fails(
        elected.withPropertyValues("autodeploy.state-directory=/tmp/somewhere"),
        "autodeploy.state-directory: must not be set with autodeploy.cluster.enabled");
    for (String wrong : new String[] {"7070", "host", ":70", "127.0.0.1:x", "127.0.0.1:70000"}) {
      fails(
          elected.withPropertyValues("autodeploy.cluster.listen=" + wrong),
          "autodeploy.cluster.listen: must be an address and a port");
    }
    fails(
        elected.withPropertyValues("autodeploy.cluster.listen=0.0.0.0:7070"),
        "autodeploy.cluster.listen: a replica that listens on");
    fails(
        elected.withPropertyValues("autodeploy.cluster.advertise=ftp://x"),
        "autodeploy.cluster.advertise: ");
    fails(
        elected.withPropertyValues("autodeploy.cluster.secret=short"),
        "autodeploy.cluster.secret: ");
    fails(elected.withPropertyValues("autodeploy.cluster.term=1h"), "autodeploy.cluster.term: ");
    fails(
        elected.withBean("mine", InstanceProvider.class, ServersInThisJvm::new),
        "autodeploy.cluster.enabled: needs a new provider each time that a replica begins to lead:"
            + " give the bean 'mine' the scope \"prototype\"");
  }

  private static void fails(ApplicationContextRunner runner, String message) {
    runner.run(run -> assertThat(run.getStartupFailure()).hasStackTraceContaining(message));
  }

  /** The row that the replicas of this JVM elect their leader by. */
  private static final class Row {
    final StateStore store = StateStore.inMemory();
    private Leader leader = new Leader(0, "", "");
    private long until;

    synchronized Leader campaign(String replica, String address, long held, Duration term) {
      long now = System.nanoTime();
      boolean free = leader.replica().isEmpty() || now > until;
      boolean holds = held > 0 && leader.epoch() == held;
      if (free || holds) {
        long epoch = holds ? held : leader.epoch() + 1;
        leader =
            term.isZero()
                ? new Leader(leader.epoch(), "", "")
                : new Leader(epoch, replica, address);
        until = now + term.toNanos();
      }
      return leader;
    }

    synchronized void resign(long epoch) {
      if (leader.epoch() == epoch) {
        leader = new Leader(epoch, "", "");
      }
    }
  }

  /** One replica's election. */
  private static final class ByRow implements LeaderElection {
    private final Row row;
    private volatile String address = "";

    ByRow(Row row) {
      this.row = row;
    }

    @Override
    public Leader campaign(String replica, long held, Duration term) {
      return row.campaign(replica, address, held, term);
    }

    @Override
    public void resign(long epoch) {
      row.resign(epoch);
    }

    @Override
    public StateStore store(long epoch) {
      return row.store;
    }

    @Override
    public void advertise(String value) {
      address = value;
    }

    @Override
    public String secret() {
      return "the secret of this test";
    }
  }

  /** A data source without a database. */
  private static final class NoDatabase implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
      throw new SQLException("no database");
    }

    @Override
    public Connection getConnection(String user, String password) throws SQLException {
      return getConnection();
    }

    @Override
    public PrintWriter getLogWriter() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void setLogWriter(PrintWriter out) {}

    @Override
    public void setLoginTimeout(int seconds) {}

    @Override
    public int getLoginTimeout() {
      return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      throw new SQLFeatureNotSupportedException();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      throw new SQLException();
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
      return false;
    }
  }
}
