package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.model.Container;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Answers of the real daemon that are lost, late or bad, and what happens on their way. */
@Tag("slow")
class LostAnswerTest {
  private static final String CREATE = "/containers/create";
  private static final String START = "/containers/[^/]+/start";
  private static final String KILL = "/containers/[^/]+/kill";
  private static final String DELETE = "/containers/[^/]+";
  private static final String INSPECT = "/containers/[^/]+/json";

  private DaemonProxy proxy;

  @BeforeEach
  void start() {
    TestDaemon.require();
    proxy = new DaemonProxy();
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private ProviderFixture open() {
    return open(b -> b);
  }

  private ProviderFixture open(UnaryOperator<DockerInstanceProvider.Builder> settings) {
    return ProviderFixture.open(
        b ->
            settings.apply(
                b.dockerHost(proxy.uri())
                    .network("bridge") // on which a start takes the daemon less time
                    .callTimeout(Duration.ofSeconds(2))
                    .createTimeout(Duration.ofSeconds(2))));
  }

  @Test
  void container_whoseCreationIsNotAnswered_isFoundAndUsed() throws Exception {
    try (ProviderFixture docker = open()) {
      proxy.set(call -> call.is("POST", CREATE) && call.forward().code() == 201 && call.lose());
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      assertThat(containers(docker)).hasSize(1);
      docker.release(instance);
    }
  }

  @Test
  void container_whoseStartIsNotAnswered_isUsed() throws Exception {
    try (ProviderFixture docker = open()) {
      AtomicInteger starts = new AtomicInteger();
      proxy.set(
          call ->
              call.is("POST", START)
                  && starts.incrementAndGet() == 1
                  && call.forward().code() == 204
                  && call.stall());
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      assertThat(ProviderFixture.get(instance.endpoint().resolve("/"))).isEqualTo("ok\n");
      docker.release(instance);
    }
  }

  @Test
  void list_whoseInspectionIsOvertakenByTheStart_doesNotCallTheInstanceEnded() throws Exception {
    CountDownLatch inspected = new CountDownLatch(1);
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<CompletableFuture<List<ProviderInstance>>> list = new CompletableFuture<>();
    try (ProviderFixture docker =
        open(b -> b.callTimeout(Duration.ofSeconds(20)).createTimeout(Duration.ofSeconds(20)))) {
      AtomicInteger inspections = new AtomicInteger(-1);
      proxy.set(
          call -> {
            if (call.is("POST", START)) {
              inspections.set(0);
              list.complete(Async.supply(docker::list));
              inspected.await();
            } else if (call.is("GET", INSPECT) && inspections.compareAndSet(0, 1)) {
              assertThat(call.forward().text()).contains("\"Status\":\"created\"");
              inspected.countDown();
              started.await();
            }
            return false;
          });
      ProviderInstance instance = docker.start(ProviderFixture.web().build());
      started.countDown();

      assertThat(list.join().join()).singleElement().extracting(ProviderInstance::exit).isNull();
      docker.release(instance);
    }
  }

  @Test
  void image_whoseNameIsGivenToAnotherDuringTheStart_isTheOneThatWasFound() {
    String name = "autodeploy/moves-" + ProcessHandle.current().pid();
    try (DaemonClient client = TestDaemon.client();
        ProviderFixture docker = open()) {
      tag(client, TestDaemon.WEB, name);
      try {
        proxy.set(
            call -> {
              if (call.is("POST", CREATE)) {
                tag(client, TestDaemon.GPU, name);
              }
              return false;
            });
        ProviderInstance instance = docker.start(ProviderFixture.web().image(name + ":1").build());
        assertThat(client.inspect("autodeploy-" + docker.owner + "-web-0").getImageId())
            .isEqualTo(client.findImage(TestDaemon.WEB).getId());
        docker.release(instance);
      } finally {
        client.removeImage(name + ":1");
      }
    }
  }

  private static void tag(DaemonClient client, String image, String name) {
    client.post(
        "tagging",
        "/images/" + image + "/tag?repo=" + DaemonClient.encode(name) + "&tag=1",
        null,
        Duration.ZERO);
  }

  @Test
  void release_doesNotEndBeforeTheStartThatItGivesUp() throws Exception {
    try (ProviderFixture docker =
        open(b -> b.callTimeout(Duration.ofSeconds(20)).createTimeout(Duration.ofSeconds(20)))) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      proxy.set(
          call -> {
            if (call.is("POST", CREATE)) {
              asked.countDown();
              goOn.await();
            }
            return false;
          });
      StartRequest request = docker.request(ProviderFixture.web().build());
      CompletableFuture<ProviderInstance> start = Async.supply(() -> docker.start(request));
      asked.await();
      CompletableFuture<Void> release = release(docker, request.instanceId());
      Thread.sleep(500);
      assertThat(release).as("the daemon may still make a container").isNotDone();
      goOn.countDown();
      release.join();
      assertThat(containers(docker)).isEmpty();
      assertThatThrownBy(start::join).hasCauseInstanceOf(InstanceStartException.class);
    }
  }

  @Test
  void container_thatIsMadeWhileItsInstanceIsReleased_isRemoved() throws Exception {
    try (ProviderFixture docker = open()) {
      CountDownLatch goOn = new CountDownLatch(1);
      CountDownLatch made = new CountDownLatch(1);
      proxy.set(
          call -> {
            if (call.is("POST", CREATE)) {
              goOn.await();
              call.forward();
              made.countDown();
              return call.lose();
            }
            // Nothing is told of it, so it has to be looked for.
            return call.is("GET", "/events") && call.stall();
          });
      StartRequest request = docker.request(ProviderFixture.web().build());
      assertThatThrownBy(() -> docker.start(request)).isInstanceOf(InstanceStartException.class);
      CompletableFuture<Void> release = release(docker, request.instanceId());
      Thread.sleep(500);
      goOn.countDown();
      made.await();
      release.join();
      assertThat(containers(docker)).isEmpty();
    }
  }

  @Test
  void container_thatIsMadeAfterItsInstanceWasReleased_isRemoved() {
    try (ProviderFixture docker = open();
        DaemonClient client = TestDaemon.client()) {
      StartRequest request = docker.request(ProviderFixture.web().build());
      release(docker, request.instanceId()).join();
      Labels labels =
          new Labels(
              Labels.containerName(request),
              docker.owner,
              request.deployment(),
              request.slot(),
              request.instanceId(),
              request.fingerprint(),
              List.of(),
              0,
              8080,
              Instant.now(),
              Heartbeat.WRAPPER,
              "",
              0);
      String late =
          client.create(
              "test",
              TestDaemon.WEB,
              cmd -> cmd.withName(labels.name()).withLabels(labels.toMap()));
      ProviderFixture.await(Duration.ofSeconds(5), () -> client.find(late) == null);
    }
  }

  @Test
  void container_thatRunsOn_asItCannotBeDeleted_isNotReleased() {
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      proxy.set(
          call ->
              call.is("DELETE", DELETE)
                  && call.answer(
                      new DaemonProxy.Answer(
                          500, "{\"message\":\"Could not kill running container\"}")));
      assertThatThrownBy(() -> release(docker, instance.instanceId()).join())
          .hasCauseInstanceOf(DockerDaemonException.class)
          .hasMessageContaining("Could not kill running container");
      assertThat(docker.list()).containsExactly(instance);

      proxy.set(call -> false);
      docker.release(instance);
      assertThat(containers(docker)).isEmpty();
    }
  }

  @Test
  void container_thatIsStillBeingDeleted_isNotReleased() {
    try (ProviderFixture docker = open()) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      AtomicInteger renamed = new AtomicInteger();
      proxy.set(
          call -> {
            if (call.is("POST", "/containers/[^/]+/rename")) {
              renamed.incrementAndGet();
            }
            if (call.is("GET", INSPECT)) {
              return call.answer(
                  call.forward()
                      .replace("\"Status\":\"running\"", m -> "\"Status\":\"removing\"")
                      .replace("\"Running\":true", m -> "\"Running\":false")
                      .replace("\"Dead\":false", m -> "\"Dead\":true"));
            }
            return call.is("DELETE", DELETE) && call.stall();
          });
      assertThatThrownBy(() -> release(docker, instance.instanceId()).join())
          .hasCauseInstanceOf(DockerDaemonException.class)
          .hasMessageContaining("Docker did not answer in time");
      assertThat(renamed).hasValue(0);

      proxy.set(call -> false);
      docker.release(instance);
      assertThat(containers(docker)).isEmpty();
    }
  }

  @Test
  void instance_thatIsLeft_andOneThatIsFound_getAHeartbeatAtOnce() {
    AtomicInteger heartbeats = new AtomicInteger();
    proxy.set(
        call -> {
          if (call.is("POST", KILL)) {
            heartbeats.incrementAndGet();
          }
          return false;
        });
    // The next ones by the timer would come after half a minute.
    ProviderFixture before = open();
    ProviderInstance instance = before.ready(ProviderFixture.web().build());
    assertThat(heartbeats).hasValue(0);
    before.provider.detach(instance.instanceId()).toCompletableFuture().join();
    assertThat(heartbeats).hasValue(1);
    before.provider.close();

    try (ProviderFixture after =
        ProviderFixture.open(before.owner, b -> b.dockerHost(proxy.uri()))) {
      heartbeats.set(0);
      assertThat(after.list()).containsExactly(instance);
      ProviderFixture.await(Duration.ofSeconds(5), () -> heartbeats.get() == 1);
      after.release(instance);
    }
  }

  @Test
  void exit_thatNoEventTells_isNoticedByTheNextHeartbeat() {
    proxy.set(call -> call.is("GET", "/events") && call.stall());
    try (ProviderFixture docker = open(b -> b.heartbeatTimeout(Duration.ofSeconds(8)))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      kill(docker);
      ProviderFixture.await(
          Duration.ofSeconds(10), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
    }
  }

  @Test
  void exit_duringTheLastStepOfTheStart_isTold() {
    try (ProviderFixture docker = open()) {
      AtomicInteger running = new AtomicInteger();
      proxy.set(
          call -> {
            if (!call.is("GET", INSPECT)) {
              return false;
            }
            DaemonProxy.Answer answer = call.forward();
            if (answer.text().contains("\"Running\":true") && running.incrementAndGet() == 1) {
              kill(docker);
              Thread.sleep(1000);
            }
            return call.answer(answer);
          });
      ProviderInstance instance = docker.start(ProviderFixture.web().build());
      ProviderFixture.await(
          Duration.ofSeconds(5), () -> docker.exits.containsKey(instance.instanceId()));
      docker.release(instance);
    }
  }

  @Test
  void eventStream_thatIsDeadWithoutASign_isOpenedAgain_whereAHeartbeatGetsNoAnswer() {
    AtomicInteger streams = new AtomicInteger();
    AtomicInteger heartbeats = new AtomicInteger();
    proxy.set(
        call -> {
          if (call.is("GET", "/events")) {
            return streams.incrementAndGet() == 1 && call.stall();
          }
          return call.is("POST", KILL) && heartbeats.incrementAndGet() == 1 && call.stall();
        });
    try (ProviderFixture docker = open(b -> b.heartbeatTimeout(Duration.ofSeconds(12)))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().build());
      ProviderFixture.await(Duration.ofSeconds(15), () -> streams.get() == 2);
      assertThat(docker.exits).isEmpty();
      docker.release(instance);
    }
  }

  @Test
  void opening_thatFails_givesTheOwnerBack() {
    proxy.set(
        call ->
            call.is("GET", "/containers/json")
                && call.answer(new DaemonProxy.Answer(500, "{\"message\":\"not now\"}")));
    String owner = "t" + ProcessHandle.current().pid();
    assertThatThrownBy(() -> ProviderFixture.open(owner, b -> b.dockerHost(proxy.uri())))
        .isInstanceOf(DockerDaemonException.class)
        .hasMessageContaining("not now");
    proxy.set(call -> false);
    ProviderFixture.open(owner, b -> b.dockerHost(proxy.uri())).close();
  }

  @Test
  void close_thatIsInterruptedInTheMiddle_leavesNothing() {
    ProviderFixture docker = open();
    docker.ready(ProviderFixture.web().build());
    Thread closing = Thread.currentThread();
    AtomicInteger deletions = new AtomicInteger();
    proxy.set(
        call -> {
          if (call.is("DELETE", DELETE) && deletions.incrementAndGet() == 1) {
            closing.interrupt();
            return call.stall();
          }
          return false;
        });
    try {
      docker.provider.close();
    } finally {
      assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    }
    assertThat(TestDaemon.removeAll(docker.owner)).isZero();
  }

  private static CompletableFuture<Void> release(ProviderFixture docker, String instanceId) {
    return Async.run(
        () -> docker.provider.release(instanceId, Duration.ZERO).toCompletableFuture().join());
  }

  private static void kill(ProviderFixture docker) {
    try (DaemonClient client = TestDaemon.client()) {
      client.signal("autodeploy-" + docker.owner + "-web-0", "KILL");
    }
  }

  private static List<Container> containers(ProviderFixture docker) {
    try (DaemonClient client = TestDaemon.client()) {
      return client.list(Map.of(Labels.OWNER, docker.owner));
    }
  }
}
