package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.UsageInterval;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The whole engine on Docker: wake, serve, idle, release, and what it says that it cost. */
@Tag("slow")
class EngineOnDockerTest {
  private static final int LIFECYCLES = Integer.getInteger("autodeploy.test.lifecycles", 8);
  private final String owner = "e" + UUID.randomUUID().toString().substring(0, 8);

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void removeAll() {
    assertThat(TestDaemon.removeAll(owner)).as("containers left").isZero();
  }

  @Test
  @DaemonsGpus
  void request_wakesAContainerWithItsGpu_andIdleTimeRemovesIt() throws Exception {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(DockerInstanceProvider.builder().gpus("0", "1").build())
            .owner(owner)
            .build()) {
      Deployment gpu =
          autoDeploy.deploy(
              web("gpu")
                  .startCommand("env > /www/env; " + ProviderFixture.SERVE)
                  .gpu(GpuRequest.count(2))
                  .idleTimeout(Duration.ofSeconds(1))
                  .build());
      try (Lease lease = gpu.acquire(Duration.ofSeconds(30))) {
        assertThat(ProviderFixture.get(lease.endpoint().resolve("/env")))
            .contains("NVIDIA_VISIBLE_DEVICES=0,1");
      }
      ProviderFixture.await(
          Duration.ofSeconds(15),
          () -> {
            try (DaemonClient client = TestDaemon.client()) {
              return client.list(Map.of(Labels.OWNER, owner)).isEmpty();
            }
          });
    }
  }

  @Test
  void ledger_agreesWithTheDaemon() throws Exception {
    Instant begun = Instant.now();
    String filters =
        "{\"event\":[\"create\",\"start\",\"die\"],\"label\":[\""
            + Labels.OWNER
            + "="
            + owner
            + "\"]}";
    String path = "/events?filters=" + DaemonClient.encode(filters);
    Map<String, Instant> times = new ConcurrentHashMap<>();
    try (DaemonClient client = TestDaemon.client();
        AutoDeploy autoDeploy =
            AutoDeploy.builder()
                .provider(
                    DockerInstanceProvider.builder()
                        .network("bridge") // which is there, so that no start makes a network
                        .build())
                .owner(owner)
                .build()) {
      JsonLines lines = client.stream("recording events", "GET", path, Map.of());
      CountDownLatch opened = new CountDownLatch(1);
      Thread recorder = recorder(lines, opened, times);
      opened.await();
      Deployment web = autoDeploy.deploy(web("web").build());
      for (int i = 0; i < LIFECYCLES; i++) {
        web.acquire(Duration.ofSeconds(30)).close();
        web.release().join();
      }
      ProviderFixture.await(Duration.ofSeconds(5), () -> times.size() == 3 * LIFECYCLES);
      lines.close();
      recorder.join();
      List<UsageInterval> usage = web.usage(begun, Instant.now().plusSeconds(1));
      assertThat(usage).hasSize(LIFECYCLES);
      List<Long> startMillis = new ArrayList<>();
      List<Long> endMillis = new ArrayList<>();
      for (UsageInterval interval : usage) {
        Instant created = times.get("create " + interval.instanceId());
        Instant started = times.get("start " + interval.instanceId());
        Instant died = times.get("die " + interval.instanceId());
        startMillis.add(Duration.between(interval.startRequestedAt(), started).toMillis());
        endMillis.add(Duration.between(died, interval.endedAt()).toMillis());
        // Paid is from the request to the verified removal, so the daemon's own times lie within.
        assertThat(List.of(interval.startRequestedAt(), created, started, interval.readyAt()))
            .isSorted();
        assertThat(List.of(interval.readyAt(), died, interval.endedAt())).isSorted();
        // How long the daemon itself takes from create to start hangs on the machine: it is
        // printed.
        assertThat(Duration.between(interval.startRequestedAt(), created))
            .as("start in the ledger and creation by the daemon")
            .isLessThan(Duration.ofSeconds(1));
        assertThat(Duration.between(died, interval.endedAt()))
            .as("end by the daemon and in the ledger")
            .isLessThan(Duration.ofSeconds(1));
      }
      System.out.println(
          "ledger before the daemon's start, after its end, in ms: "
              + summary(startMillis)
              + ", "
              + summary(endMillis));
    }
  }

  private static String summary(List<Long> millis) {
    List<Long> sorted = millis.stream().sorted().toList();
    return "median " + sorted.get(sorted.size() / 2) + ", most " + sorted.get(sorted.size() - 1);
  }

  /** Notes down what the daemon itself records, as it happens: it keeps only the last few. */
  private static Thread recorder(
      JsonLines lines, CountDownLatch opened, Map<String, Instant> times) {
    Thread thread =
        new Thread(
            () ->
                lines.forEach(
                    opened::countDown,
                    event -> {
                      String instance =
                          event.path("Actor").path("Attributes").path(Labels.INSTANCE).asText();
                      times.put(
                          event.path("Action").asText() + " " + instance,
                          Instant.ofEpochSecond(0, event.path("timeNano").asLong()));
                    }));
    thread.start();
    return thread;
  }

  @Test
  void daemon_restartedUnderLoad_isServedOnAgain() throws Exception {
    OwnDaemon daemon = OwnDaemon.start();
    try (daemon) {
      try (AutoDeploy autoDeploy =
          AutoDeploy.builder()
              .provider(
                  DockerInstanceProvider.builder()
                      .dockerHost(daemon.uri())
                      .network(OwnDaemon.KEPT)
                      .callTimeout(Duration.ofSeconds(5))
                      .build())
              .owner(owner)
              .build()) {
        Deployment web =
            autoDeploy.deploy(
                web("web").startBackoff(Duration.ofMillis(200), Duration.ofSeconds(1)).build());
        AtomicBoolean over = new AtomicBoolean();
        List<String> slow = java.util.Collections.synchronizedList(new ArrayList<>());
        Thread load =
            new Thread(
                () -> {
                  while (!over.get()) {
                    long begun = System.nanoTime();
                    try (Lease lease = web.acquire(Duration.ofSeconds(10))) {
                      ProviderFixture.get(lease.endpoint().resolve("/"));
                    } catch (Exception e) {
                      // While the daemon is away there is no service.
                    }
                    long seconds = Duration.ofNanos(System.nanoTime() - begun).toSeconds();
                    if (seconds > 30) {
                      slow.add(seconds + " s");
                    }
                  }
                });
        load.start();
        Thread.sleep(2000);
        for (Runnable fault : List.<Runnable>of(daemon::stop, daemon::kill)) {
          fault.run();
          Thread.sleep(500);
          daemon.launch();
          serves(web);
        }
        daemon.freeze();
        Thread.sleep(6000);
        daemon.thaw();
        serves(web);
        over.set(true);
        load.join();
        assertThat(slow).isEmpty();
      }
      try (DaemonClient client = daemon.client()) {
        // A daemon that was killed may never delete a container again; that one has ended.
        assertThat(client.list(Map.of(Labels.OWNER, owner)))
            .extracting(Container::getState)
            .isSubsetOf("dead", "exited", "removing");
      }
    }
  }

  private static void serves(Deployment web) {
    ProviderFixture.await(
        Duration.ofSeconds(40),
        () -> {
          try (Lease lease = web.acquire(Duration.ofSeconds(5))) {
            return ProviderFixture.get(lease.endpoint().resolve("/")).equals("ok\n");
          } catch (Exception e) {
            return false;
          }
        });
  }

  private static DeploymentSpec.Builder web(String name) {
    return DeploymentSpec.builder(name)
        .image(TestDaemon.WEB)
        .port(8080)
        .startCommand(ProviderFixture.SERVE);
  }
}
