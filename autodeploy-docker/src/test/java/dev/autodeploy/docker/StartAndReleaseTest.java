package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Link;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Containers come up, are seen and go away, on a real daemon. */
class StartAndReleaseTest {
  private ProviderFixture docker;

  @BeforeEach
  void open() {
    docker = ProviderFixture.open();
  }

  @AfterEach
  void close() {
    docker.close();
  }

  @Test
  void container_thatSomebodyLinksTo_isListedAndReleased() {
    try (DaemonClient client = TestDaemon.client();
        ProviderFixture docker = ProviderFixture.open(b -> b.network("bridge"))) {
      ProviderInstance instance = docker.start(ProviderFixture.web().build());
      String name = "autodeploy-" + docker.owner + "-web-0";
      HostConfig links = HostConfig.newHostConfig().withLinks(new Link(name, "voice"));
      String user =
          client.create(
              "test",
              TestDaemon.WEB,
              cmd ->
                  cmd.withName("api-" + docker.owner) // so that its name for it comes first
                      .withHostConfig(links)
                      .withEntrypoint("sleep")
                      .withCmd("60"));
      client.start("test", user);
      try {
        assertThat(docker.list())
            .extracting(ProviderInstance::instanceId)
            .containsExactly(instance.instanceId());

        docker.release(instance);

        assertThat(client.find(name)).isNull();
      } finally {
        client.remove(user);
      }
    }
  }

  @Test
  void start_servesAtALoopbackPort_andReleaseLeavesNothing() throws Exception {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());

    URI endpoint = instance.endpoint();
    assertThat(endpoint.getHost()).isEqualTo("127.0.0.1");
    assertThat(ProviderFixture.get(endpoint.resolve("/"))).isEqualTo("ok\n");

    docker.release(instance);
    assertThat(docker.list()).isEmpty();
    assertThatThrownBy(() -> ProviderFixture.get(endpoint.resolve("/")))
        .isInstanceOf(java.net.ConnectException.class);
  }

  @Test
  void release_isIdempotent_andKnowsNoUnknownId() {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    docker.release(instance);
    docker.release(instance);
    docker.provider.release("never-heard-of", Duration.ZERO).toCompletableFuture().join();
  }

  @Test
  void container_isMadeToBeSafe() {
    ProviderInstance instance = docker.start(ProviderFixture.web().build());
    InspectContainerResponse container = inspect("autodeploy-" + docker.owner + "-web-0");

    assertThat(container.getHostConfig().getInit()).isTrue();
    assertThat(container.getHostConfig().getAutoRemove()).isFalse();
    assertThat(container.getHostConfig().getRestartPolicy().getName()).isIn("no", "");
    assertThat(container.getHostConfig().getLogConfig().getConfig())
        .containsEntry("max-size", "10m")
        .containsEntry("max-file", "3");
    assertThat(container.getConfig().getLabels())
        .containsEntry("autodeploy.instance", instance.instanceId())
        .containsEntry("autodeploy.owner", docker.owner)
        .containsEntry("autodeploy.fingerprint", "f1");
    docker.release(instance);
  }

  @Test
  void customizer_cannotChangeWhoseTheContainerIs() {
    try (ProviderFixture other =
        ProviderFixture.open(
            b ->
                b.customizer(
                    cmd ->
                        cmd.withName("mine")
                            .withLabels(Map.of(Labels.OWNER, "me", "purpose", "test"))))) {
      ProviderInstance instance = other.start(ProviderFixture.web().build());
      assertThat(inspect("autodeploy-" + other.owner + "-web-0").getConfig().getLabels())
          .containsEntry("autodeploy.owner", other.owner)
          .containsEntry("purpose", "test");
      assertThat(other.list()).containsExactly(instance);
      other.release(instance);
    }
  }

  @Test
  void removal_ofWhatIsGone_orIsBeingRemoved_isASuccess() {
    try (DaemonClient client = TestDaemon.client()) {
      client.remove("autodeploy-never-made");
      for (int round = 0; round < 3; round++) {
        String container = client.create("test", TestDaemon.WEB, cmd -> cmd);
        client.start("test", container);
        client.start("test once more", container);
        List<CompletableFuture<Void>> removals =
            Stream.generate(() -> Async.run(() -> client.remove(container))).limit(4).toList();
        removals.forEach(CompletableFuture::join);
        ProviderFixture.await(Duration.ofSeconds(5), () -> client.find(container) == null);
      }
    }
  }

  @Test
  void list_showsRunningAndEndedInstances() {
    ProviderInstance running = docker.start(docker.request(ProviderFixture.web().build(), 0));
    DeploymentSpec brief =
        ProviderFixture.web().startCommand("sleep 0.3; echo last words; exit 7").build();
    ProviderInstance ended = docker.start(docker.request(brief, 1));
    ProviderFixture.await(
        Duration.ofSeconds(5), () -> docker.exits.containsKey(ended.instanceId()));

    List<ProviderInstance> listed = docker.list();

    assertThat(listed).extracting(ProviderInstance::slot).containsExactlyInAnyOrder(0, 1);
    ProviderInstance first = listed.stream().filter(i -> i.slot() == 0).findFirst().orElseThrow();
    assertThat(first).isEqualTo(running);
    InstanceExit exit = listed.stream().filter(i -> i.slot() == 1).findFirst().orElseThrow().exit();
    assertThat(exit.exitCode()).isEqualTo(7);
    assertThat(exit.logTail()).containsExactly("last words");
    assertThat(exit.at()).isNotNull();
    docker.release(running);
    docker.release(ended);
  }

  @Test
  void exit_isToldAtOnce_withCodeAndLogTail() {
    DeploymentSpec spec =
        ProviderFixture.web().startCommand("echo out; echo err >&2; sleep 0.5; exit 3").build();
    ProviderInstance instance = docker.start(spec);
    ProviderFixture.await(
        Duration.ofSeconds(5), () -> docker.exits.containsKey(instance.instanceId()));

    InstanceExit exit = docker.exits.get(instance.instanceId());
    assertThat(exit.exitCode()).isEqualTo(3);
    assertThat(exit.outOfMemory()).isFalse();
    assertThat(exit.logTail()).containsExactlyInAnyOrder("out", "err");
    docker.release(instance);
  }

  @Test
  void exit_isTold_whenSomebodyElseRemovesTheContainer() {
    ProviderInstance instance = docker.ready(ProviderFixture.web().build());
    try (DaemonClient client = TestDaemon.client()) {
      client.remove("autodeploy-" + docker.owner + "-web-0");
    }
    ProviderFixture.await(
        Duration.ofSeconds(5), () -> docker.exits.containsKey(instance.instanceId()));
    docker.release(instance);
  }

  @Test
  void release_lettingTheServiceEndItself_doesNotWaitForTheGracePeriod() {
    ProviderInstance instance =
        docker.start(ProviderFixture.web().startCommand("sleep 100 && echo never").build());
    long begun = System.nanoTime();
    docker
        .provider
        .release(instance.instanceId(), Duration.ofSeconds(30))
        .toCompletableFuture()
        .join();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
    assertThat(docker.exits).doesNotContainKey(instance.instanceId());
  }

  @Test
  void release_killsAServiceThatDoesNotEndWithinTheGracePeriod() {
    ProviderInstance instance =
        docker.start(
            ProviderFixture.web().startCommand("trap '' TERM; while :; do sleep 1; done").build());
    long begun = System.nanoTime();
    docker
        .provider
        .release(instance.instanceId(), Duration.ofSeconds(1))
        .toCompletableFuture()
        .join();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
    assertThat(docker.list()).isEmpty();
  }

  @Test
  void release_winsOverAStartUnderWay() {
    for (int i = 0; i < 10; i++) {
      StartRequest request = docker.request(ProviderFixture.web().build());
      CompletableFuture<ProviderInstance> start = Async.supply(() -> docker.start(request));
      pause(i * 30L);
      docker.provider.release(request.instanceId(), Duration.ZERO).toCompletableFuture().join();
      start.handle((instance, failure) -> null).join();
      assertThat(docker.list()).isEmpty();
    }
  }

  @Test
  void start_ofAnInstanceThatWasReleasedBefore_isRefused() {
    StartRequest request = docker.request(ProviderFixture.web().build());
    docker.provider.release(request.instanceId(), Duration.ZERO).toCompletableFuture().join();
    docker.progress.clear();
    assertThatThrownBy(() -> docker.start(request))
        .isInstanceOf(InstanceStartException.class)
        .hasMessageContaining("cancelled");
    assertThat(docker.progress).as("nothing was begun").isEmpty();
    assertThat(docker.list()).isEmpty();
  }

  @Test
  void logs_areTheLastLines() {
    ProviderInstance instance =
        docker.start(
            ProviderFixture.web()
                .startCommand("echo a; echo b; echo c; " + ProviderFixture.SERVE)
                .build());
    ProviderFixture.await(
        Duration.ofSeconds(5),
        () ->
            docker.provider.logs(instance.instanceId(), 9).toCompletableFuture().join().size()
                == 3);
    assertThat(docker.provider.logs(instance.instanceId(), 2).toCompletableFuture().join())
        .containsExactly("b", "c");
    docker.release(instance);
    assertThat(docker.provider.logs(instance.instanceId(), 2).toCompletableFuture().join())
        .isEmpty();
  }

  @Test
  void readiness_isNoticedNoSoonerThanTheServiceListens() throws Exception {
    DeploymentSpec spec =
        ProviderFixture.web().startCommand("sleep 1; " + ProviderFixture.SERVE).build();
    ProviderInstance instance = docker.start(spec);
    long up = System.nanoTime();
    docker.awaitReady(instance, spec);
    assertThat(System.nanoTime() - up).isGreaterThan(Duration.ofMillis(600).toNanos());
    assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
    docker.release(instance);
  }

  @Test
  void command_endingDuringTheStart_isReportedWithItsCode() {
    ProviderInstance instance;
    try {
      instance = docker.start(ProviderFixture.web().startCommand("exit 5").build());
    } catch (InstanceStartException e) {
      assertThat(e.exit()).isNotNull();
      assertThat(e.exit().exitCode()).isEqualTo(5);
      return;
    }
    ProviderFixture.await(
        Duration.ofSeconds(5), () -> docker.exits.containsKey(instance.instanceId()));
    assertThat(docker.exits.get(instance.instanceId()).exitCode()).isEqualTo(5);
    docker.release(instance);
  }

  @Test
  void image_withoutAShell_runsWithoutHeartbeats() throws Exception {
    DeploymentSpec spec = DeploymentSpec.builder("bare").image(TestDaemon.BARE).port(8080).build();
    ProviderInstance instance = docker.ready(spec);
    assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("bare\n");
    assertThat(inspect("autodeploy-" + docker.owner + "-bare-0").getConfig().getLabels())
        .containsEntry("autodeploy.leased", "false");
    docker.release(instance);
  }

  @Test
  void image_withItsOwnCommand_startsIt() throws Exception {
    DeploymentSpec spec = DeploymentSpec.builder("own").image(TestDaemon.WEB).port(8080).build();
    ProviderInstance instance = docker.ready(spec);
    assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
    docker.release(instance);
  }

  @Test
  void port_zero_isToldToTheService() throws Exception {
    DeploymentSpec spec =
        ProviderFixture.web().port(0).startCommand("exec httpd -f -p $PORT -h /www").build();
    ProviderInstance instance = docker.ready(spec);
    assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
    docker.release(instance);
  }

  @Test
  void name_ofAForeignContainer_isLeftAlone() {
    String name = "autodeploy-" + docker.owner + "-web-0";
    try (DaemonClient client = TestDaemon.client()) {
      String foreign = client.create("test", TestDaemon.WEB, cmd -> cmd.withName(name));
      try {
        assertThatThrownBy(() -> docker.start(ProviderFixture.web().build()))
            .isInstanceOf(InstanceStartException.class)
            .hasMessageContaining("taken by a container that is not ours");
        assertThat(client.find(foreign)).isNotNull();
      } finally {
        client.remove(foreign);
      }
    }
  }

  @Test
  void container_ofAnImageThatInheritedOurLabels_isNotOurs() {
    try (DaemonClient client = TestDaemon.client()) {
      String foreign =
          client.create(
              "test",
              TestDaemon.WEB,
              cmd ->
                  cmd.withLabels(
                      Map.of(
                          "autodeploy.managed",
                          "true",
                          "autodeploy.owner",
                          docker.owner,
                          "autodeploy.name",
                          "autodeploy-" + docker.owner + "-web-0",
                          "autodeploy.instance",
                          "copied")));
      try {
        assertThat(docker.list()).isEmpty();
        docker.provider.release("copied", Duration.ZERO).toCompletableFuture().join();
        assertThat(client.find(foreign)).isNotNull();
        docker.provider.close();
        ProviderFixture.open(docker.owner, builder -> builder).provider.close();
        assertThat(client.find(foreign)).as("opening tidies up what is ours").isNotNull();
      } finally {
        client.remove(foreign);
      }
    }
  }

  @Test
  void owner_isUsedByOneEngineAtATime() {
    assertThatThrownBy(() -> ProviderFixture.open(docker.owner, builder -> builder))
        .isInstanceOf(AutoDeployException.class)
        .extracting(e -> ((AutoDeployException) e).code())
        .isEqualTo(ErrorCode.OWNER_IN_USE);
  }

  @Test
  void slot_ofAHostThatIsGone_isTakenOver_alsoFromAnInstanceThatRuns() {
    ProviderFixture gone = ProviderFixture.open();
    ProviderInstance left = gone.start(ProviderFixture.web().build());
    gone.provider.detach(left.instanceId()).toCompletableFuture().join();
    gone.provider.close();

    try (ProviderFixture next = ProviderFixture.open(gone.owner, builder -> builder)) {
      ProviderInstance instance = next.start(ProviderFixture.web().build());
      assertThat(next.list()).containsExactly(instance);
      next.release(instance);
    }
  }

  @Test
  void close_afterAFailedStart_leavesContainersThatItOnlyListed() {
    ProviderFixture gone = ProviderFixture.open();
    ProviderInstance left = gone.start(ProviderFixture.web().build());
    gone.provider.detach(left.instanceId()).toCompletableFuture().join();
    gone.provider.close();

    ProviderFixture failed = ProviderFixture.open(gone.owner, builder -> builder);
    assertThat(failed.list()).hasSize(1);
    failed.provider.close();

    try (ProviderFixture next = ProviderFixture.open(gone.owner, builder -> builder)) {
      assertThat(next.list())
          .extracting(ProviderInstance::instanceId)
          .containsExactly(left.instanceId());
      next.release(left);
      assertThat(next.list()).isEmpty();
    }
  }

  @Test
  void slot_ofAnotherHostsInstance_isNotTakenOver(@TempDir Path locks) {
    ProviderInstance theirs = docker.start(ProviderFixture.web().build());
    try (DockerInstanceProvider provider =
        DockerInstanceProvider.builder().lockDirectory(locks).build()) {
      ProviderFixture other = ProviderFixture.of(docker.owner, provider);
      assertThatThrownBy(() -> other.start(ProviderFixture.web().build()))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("in use by another process");
    }
    assertThat(docker.list()).containsExactly(theirs);
    docker.release(theirs);
  }

  @Test
  void slot_ofAProviderWithoutALock_isNotTakenOverByAnother() {
    try (DockerInstanceProvider one = DockerInstanceProvider.create();
        DockerInstanceProvider two = DockerInstanceProvider.create()) {
      StartRequest first = docker.request(ProviderFixture.web().build());
      StartRequest second = docker.request(ProviderFixture.web().build());
      ProviderInstance instance = one.start(first).toCompletableFuture().join();
      assertThatThrownBy(() -> two.start(second))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("in use by another process");
      assertThat(docker.list()).containsExactly(instance);
      // Neither of the two was opened for the owner, as an engine would: they release nothing of
      // it.
      docker.provider.release(first.instanceId(), Duration.ZERO).toCompletableFuture().join();
    }
  }

  @Test
  void close_onAnInterruptedThread_leavesNothing() {
    ProviderFixture other = ProviderFixture.open();
    other.start(ProviderFixture.web().build());
    Thread.currentThread().interrupt();
    try {
      other.provider.close();
    } finally {
      assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    }
    assertThat(TestDaemon.removeAll(other.owner)).isZero();
    ProviderFixture.open(other.owner, builder -> builder).close();
  }

  @Test
  void socket_ofADaemonElsewhere_isNotTakenForThisMachine() {
    assertThat(docker.provider.containers().host().isLocal()).isTrue();
    try (ProviderFixture tunnel = ProviderFixture.open(b -> b.publishAddress("192.0.2.1"))) {
      assertThat(tunnel.provider.containers().host().isLocal()).isFalse();
    }
  }

  @Test
  void environmentMountsAndSharedMemory_reachTheContainer() {
    DeploymentSpec spec =
        ProviderFixture.web()
            .environment("GREETING", "hello world")
            .sharedMemoryBytes(32 << 20)
            .mount(dev.autodeploy.Mount.of("/tmp", "/host").asReadOnly())
            .build();
    ProviderInstance instance = docker.start(spec);
    InspectContainerResponse container = inspect("autodeploy-" + docker.owner + "-web-0");
    assertThat(container.getConfig().getEnv()).contains("GREETING=hello world");
    assertThat(container.getHostConfig().getShmSize()).isEqualTo(32L << 20);
    assertThat(container.getMounts()).hasSize(1);
    assertThat(container.getMounts().get(0).getRW()).isFalse();
    docker.release(instance);
  }

  private static InspectContainerResponse inspect(String name) {
    try (DaemonClient client = TestDaemon.client()) {
      return client.inspect(name);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
