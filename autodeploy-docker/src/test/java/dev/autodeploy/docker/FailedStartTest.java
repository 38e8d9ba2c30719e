package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.FailureCause;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.StartFailure;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of why a start failed, as callers are told, on a real daemon. */
@Tag("slow")
class FailedStartTest {
  private final String owner = "f" + UUID.randomUUID().toString().substring(0, 8);

  private final List<String> images = new ArrayList<>();

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void removeAll() {
    assertThat(TestDaemon.removeAll(owner)).as("containers left").isZero();
    try (DaemonClient client = TestDaemon.client()) {
      images.forEach(client::removeImage);
    }
  }

  @Test
  void timeout_tellsWhatTheServiceWroteLast_andWhatToDo() throws Exception {
    StartFailedException error =
        error(web("echo 'Access to model X is restricted, log in'; sleep 999"));

    assertThat(error.failure().cause()).isEqualTo(FailureCause.GATED_MODEL);
    assertThat(error.failure().logTail())
        .containsExactly("Access to model X is restricted, log in");
    assertThat(error.getMessage())
        .contains("it waited for its port to accept connections")
        .contains("not ready within 4 s (startTimeout)")
        .contains("it wrote last: 'Access to model X is restricted, log in'")
        .contains("the model is gated");
  }

  @Test
  void service_onTheLoopbackOfItsContainer_isToldSo() throws Exception {
    StartFailedException error = error(lookedInto("exec httpd -f -p 127.0.0.1:8080 -h /www"));

    assertThat(error.failure().cause()).isEqualTo(FailureCause.LOOPBACK_ONLY);
    assertThat(error.getMessage())
        .contains("listens on 127.0.0.1:8080 inside its container")
        .contains("0.0.0.0");
  }

  @Test
  void service_onAnotherPort_isToldWhich() throws Exception {
    StartFailedException error = error(lookedInto("exec httpd -f -p 5000 -h /www"));

    assertThat(error).hasMessageContaining("listens on port 5000, not on 8080");
    assertThat(error.failure().cause()).isEqualTo(FailureCause.OTHER_PORT);
  }

  @Test
  void instanceThatIsKilled_isToldSo() throws Exception {
    StartFailure failure = error(ending("sleep 1; kill -9 $$")).failure();

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(failure.cause()).isEqualTo(FailureCause.KILLED);
  }

  @Test
  void commandThatIsMissing_isOneCause_withHeartbeatsAndWithout() throws Exception {
    StartFailure failure = error(ending("no-such-server --port 8080")).failure();

    assertThat(failure.cause()).isEqualTo(FailureCause.COMMAND_NOT_FOUND);
    assertThat(failure.logTail()).anyMatch(line -> line.contains("no-such-server"));
  }

  @ParameterizedTest
  @CsvSource({"120, true", "0, true", "0, false"})
  void entrypointThatIsMissing_isOneKindAndCause_whateverStartsIt(int heartbeat, boolean init)
      throws Exception {
    image("missing", TestImages.tools(), "ENTRYPOINT [\"/no-such-server\"]");
    StartFailure failure =
        error(
                spec("missing").build(),
                b -> b.heartbeatTimeout(Duration.ofSeconds(heartbeat)).init(init))
            .failure();

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(failure.cause()).isEqualTo(FailureCause.COMMAND_NOT_FOUND);
    assertThat(failure.exit().exitCode()).isEqualTo(127);
    assertThat(failure.message() + failure.logTail()).contains("no-such-server");
  }

  @ParameterizedTest
  @CsvSource({"120, true", "0, true", "0, false"})
  void imageOfAnotherProcessor_isOneKindAndCause_whateverStartsIt(int heartbeat, boolean init)
      throws Exception {
    String arm = "\u007fELF\u0002\u0001\u0001" + "\0".repeat(9) + "\u0002\0\u00b7\0\u0001\0\0\0";
    String program = arm + "\0".repeat(200);
    image(
        "arm",
        new Tar()
            .directory("bin")
            .file("bin/sh", program.getBytes(StandardCharsets.ISO_8859_1), true)
            .file("serve", program.getBytes(StandardCharsets.ISO_8859_1), true),
        "ENTRYPOINT [\"/serve\"]");
    StartFailure failure =
        error(
                spec("arm").build(),
                b -> b.heartbeatTimeout(Duration.ofSeconds(heartbeat)).init(init))
            .failure();

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(failure.cause()).isEqualTo(FailureCause.WRONG_PROCESSOR);
    assertThat(failure.message()).contains("another kind of processor");
  }

  @ParameterizedTest
  @CsvSource({"120, true", "0, true", "0, false"})
  void entrypointThatIsNotExecutable_isOneKindAndCause_whateverStartsIt(int heartbeat, boolean init)
      throws Exception {
    Tar tar = TestImages.tools().file("serve", "#!/bin/sh\nexec httpd -f -p 8080\n", false);
    image("script", tar, "ENTRYPOINT [\"/serve\"]");
    StartFailure failure =
        error(
                spec("script").build(),
                b -> b.heartbeatTimeout(Duration.ofSeconds(heartbeat)).init(init))
            .failure();

    assertThat(failure.kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(failure.cause()).isEqualTo(FailureCause.COMMAND_NOT_EXECUTABLE);
    assertThat(failure.exit().exitCode()).isEqualTo(126);
  }

  @Test
  void userThatTheImageDoesNotHave_isToldSo() throws Exception {
    image("user", TestImages.tools(), "USER nobody-at-all", TestImages.serve()[0]);
    StartFailedException error = error(spec("user").build());

    assertThat(error.failure().kind()).isEqualTo(StartFailure.Kind.PROVIDER);
    assertThat(error.getMessage())
        .contains("the image has no such user")
        .contains("nobody-at-all")
        .contains("give its number");
  }

  @ParameterizedTest
  @CsvSource({"httpd -p 8080 -h /www", "echo prepared"})
  void commandThatEndsWithoutAnError_isToldToStayInTheForeground(String command) throws Exception {
    StartFailedException error = error(ending(command));

    assertThat(error.failure().kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(error.failure().cause()).isEqualTo(FailureCause.ENDED_WITHOUT_ERROR);
    assertThat(error.getMessage())
        .contains("exited with code 0")
        .contains("has to be a service that stays in the foreground");
  }

  @Test
  void probe_thatIsSentElsewhere_tellsTheAnswer_andWhatToDo() throws Exception {
    String moved =
        "{ echo '#!/bin/sh'; echo 'printf \"Status: 301 Moved\\r\\nLocation:"
            + " https://voice.test/\\r\\n\\r\\n\"'; } > /www/cgi-bin/moved;"
            + " busybox chmod 755 /www/cgi-bin/moved; ";
    StartFailedException error =
        error(
            web(moved + ProviderFixture.SERVE).toBuilder()
                .readiness(ReadinessProbe.http("/cgi-bin/moved", 200))
                .build());

    assertThat(error.failure().lastProbe()).isEqualTo("GET /cgi-bin/moved answered 301");
    assertThat(error.failure().cause()).isEqualTo(FailureCause.PROBE_REDIRECTED);
    assertThat(error.getMessage()).contains("probe the path that it redirects to");
  }

  @Test
  void probe_thatWantsALogin_tellsTheAnswer_andWhatToDo() throws Exception {
    StartFailedException error =
        error(
            web(
                    "echo '/:me:secret' > /etc/httpd.conf; exec httpd -f -p 8080 -h /www -c"
                        + " /etc/httpd.conf")
                .toBuilder()
                .readiness(ReadinessProbe.http("/index.html"))
                .build());

    assertThat(error.failure().lastProbe()).isEqualTo("GET /index.html answered 401");
    assertThat(error.failure().cause()).isEqualTo(FailureCause.PROBE_REFUSED);
    assertThat(error.getMessage()).contains("probe a path that needs no login");
  }

  @Test
  void gpuWhoseMemoryIsNotEnough_isToldSo() throws Exception {
    String line = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.";
    PrintStream usual = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    StartFailedException error;
    try {
      System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8)); // where the log goes
      error =
          error(ending("for i in 1 2 3 4 5 6; do echo line $i; done; echo '" + line + "'; exit 1"));
    } finally {
      System.setErr(usual);
    }

    assertThat(error.failure().kind()).isEqualTo(StartFailure.Kind.EXITED);
    assertThat(error.failure().cause()).isEqualTo(FailureCause.GPU_OUT_OF_MEMORY);
    assertThat(error.failure().logTail()).contains(line);
    assertThat(error.getMessage()).contains("does not fit into the GPU's memory");
    assertThat(log.toString(StandardCharsets.UTF_8))
        .containsPattern(
            "WARN dev\\.autodeploy - web: instance 'web-[a-z0-9-]+' could not be started: .*exited"
                + " with code 1.*next start in [0-9]+ ms; its last lines:\n"
                + "  line 3\n  line 4\n  line 5\n  line 6\n  torch\\.OutOfMemoryError");
  }

  @Test
  void service_thatListensNowhere_isToldSo() throws Exception {
    assertThat(failure(lookedInto("exec sleep 999"))).contains("nothing listens on port 8080");
  }

  @Test
  void probe_ofAMissingPage_tellsTheAnswer() throws Exception {
    assertThat(
            failure(
                web(ProviderFixture.SERVE).toBuilder()
                    .readiness(ReadinessProbe.http("/healthz"))
                    .build()))
        .contains("GET /healthz answered 404")
        .contains("probe another path");
  }

  @Test
  void exit_tellsTheCode_theLastLines_andWhatToDo() throws Exception {
    StartFailedException error =
        error(ending("echo 'write /weights: No space left on device'; exit 3"));

    assertThat(error)
        .hasMessageContaining("exited with code 3")
        .hasMessageContaining("disk is full");
    assertThat(error.failure().exit().logTail())
        .containsExactly("write /weights: No space left on device");
  }

  @Test
  void command_thatWantsToBeProcess1_isToldSo_andRunsFromTheNextStartOn() throws Exception {
    DeploymentSpec spec =
        web(
            "[ $$ = 1 ] || { echo 'fatal: can only run as pid 1'; exit 100; }; exec httpd -f -p"
                + " 8080");
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder().provider(DockerInstanceProvider.create()).owner(owner).build()) {
      Deployment deployment = autoDeploy.deploy(spec);
      assertThatThrownBy(() -> deployment.acquire(Duration.ofSeconds(30)))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining("wants to be process 1")
          .hasMessageContaining("from the next start on");
      Thread.sleep(1500); // the backoff of a failed start

      deployment.acquire(Duration.ofSeconds(60)).close();
    }
  }

  @Test
  void ports_areReadAsTheKernelListsThem() {
    ContainerPorts ports =
        ContainerPorts.parse(
            List.of(
                "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt",
                "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000",
                "   1: 0B00007F:9C41 00000000:0000 0A 00000000:00000000 00:00000000 00000000",
                "   2: 00000000:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000",
                "   3: 0200A8C0:0050 0300A8C0:9C40 01 00000000:00000000 00:00000000 00000000",
                "   4: 00000000000000000000000001000000:1F91 00000000000000000000000000000000:0000"
                    + " 0A 00000000:00000000 00:00000000 00000000",
                "   5: 00000000000000000000000000000000:1389 00000000000000000000000000000000:0000"
                    + " 0A 00000000:00000000 00:00000000 00000000",
                "nonsense"));

    assertThat(ports.everywhere()).containsExactly(5000, 5001);
    assertThat(ports.loopback()).containsExactly(8080, 8081);
    assertThat(ports.advice(5001)).isEmpty();
    assertThat(ports.advice(9000)).contains("port 5000, 5001, not on 9000");
  }

  @Test
  void exit_isOneKindOfFailure_howeverFastItComes() throws Exception {
    for (String command : List.of("exit 5", "sleep 1; exit 5")) {
      StartFailure failure = error(ending(command)).failure();

      assertThat(failure.kind()).as(command).isEqualTo(StartFailure.Kind.EXITED);
      assertThat(failure.message()).endsWith("ended before it was ready: exited with code 5");
    }
  }

  /** One that never is ready, so that its start ends by the timeout. */
  private static DeploymentSpec web(String command) {
    return web(command, Duration.ofSeconds(4));
  }

  /**
   * One that listens, or not, in a way that is looked into: on a busy machine that takes a while.
   */
  private static DeploymentSpec lookedInto(String command) {
    return web(command, Duration.ofSeconds(8));
  }

  /** One that ends by itself, which may take a while on a busy machine. */
  private static DeploymentSpec ending(String command) {
    return web(command, Duration.ofSeconds(30));
  }

  private static DeploymentSpec web(String command, Duration startTimeout) {
    return ProviderFixture.web()
        .startCommand(command)
        .startTimeout(startTimeout)
        .releaseGrace(Duration.ZERO)
        .build();
  }

  private String failure(DeploymentSpec spec) throws InterruptedException {
    return error(spec).getMessage();
  }

  private StartFailedException error(DeploymentSpec spec) throws InterruptedException {
    return error(spec, b -> b);
  }

  private StartFailedException error(
      DeploymentSpec spec, UnaryOperator<DockerInstanceProvider.Builder> settings)
      throws InterruptedException {
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .provider(settings.apply(DockerInstanceProvider.builder()).build())
            .owner(owner)
            .build()) {
      Deployment deployment = autoDeploy.deploy(spec);
      try {
        deployment.acquire(Duration.ofSeconds(30)).close();
        throw new AssertionError("it started");
      } catch (StartFailedException e) {
        assertThat(deployment.status().lastFailure()).isEqualTo(e.failure());
        return e;
      }
    }
  }

  /** Makes an image that goes with the test. */
  private void image(String name, Tar tar, String... changes) {
    try (DaemonClient client = TestDaemon.client()) {
      TestImages.load(client, imageName(name), tar.toByteArray(), changes);
    }
    images.add(imageName(name));
  }

  private String imageName(String name) {
    return "autodeploy/" + owner + "-" + name + ":1";
  }

  private DeploymentSpec.Builder spec(String image) {
    return DeploymentSpec.builder("web")
        .image(imageName(image))
        .port(8080)
        .startTimeout(Duration.ofSeconds(30)) // all of them end by themselves
        .releaseGrace(Duration.ZERO);
  }
}
