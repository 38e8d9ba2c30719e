package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.ReadinessProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readiness that was true stays true, on a real daemon: a line that was written once counts. */
class ReadinessKeptTest {
  private static final String LINES =
      "echo READY; i=0; while [ $i -lt 1500 ]; do echo line $i; i=$((i+1)); done; ";

  private final String owner = "r" + UUID.randomUUID().toString().substring(0, 8);
  @TempDir private Path directory;

  @BeforeEach
  void require() {
    TestDaemon.require();
  }

  @AfterEach
  void removeAll() {
    TestDaemon.removeAll(owner);
  }

  @Test
  void killedHost_thatReturns_adoptsTheInstance_whateverItWroteSinceItWasReady() throws Exception {
    String command = LINES + ProviderFixture.SERVE;
    String first;
    try (HostProcess host = serve(command)) {
      first = served(host);
      TimeUnit.SECONDS.sleep(1);
      host.kill();
    }
    try (HostProcess host = serve(command)) {
      host.await("built", Duration.ofSeconds(30));
      long begun = System.nanoTime();
      assertThat(served(host)).isEqualTo(first);
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    }
  }

  @Test
  void line_isFound_howeverMuchIsWrittenBeforeTheFirstLook() throws Exception {
    ready(LINES + "sleep 1; " + ProviderFixture.SERVE, ReadinessProbe.logLine("^READY$"));
  }

  @Test
  void line_isFound_whenItComesLate_fromAServiceThatListensNowhere() throws Exception {
    ready("sleep 2; echo 'ready> '; exec sleep 999", ReadinessProbe.logLine("^ready> $"));
  }

  @Test
  void line_andPage_needNotComeAtTheSameTime() throws Exception {
    ready(
        LINES + "sleep 1; " + ProviderFixture.SERVE,
        ReadinessProbe.allOf(ReadinessProbe.logLine("^READY$"), ReadinessProbe.http("/")));
  }

  @Test
  void log_isReadAsItComes_inPieces() {
    List<String> lines = new java.util.ArrayList<>();
    LogDecoder decoder = new LogDecoder(lines::add);
    byte[] frames = {
      1, 0, 0, 0, 0, 0, 0, 3, 'a', '\n', 'b', 2, 0, 0, 0, 0, 0, 0, 2, 'e', '\n', 1, 0, 0, 0, 0, 0,
      0, 2, 'c', '\n'
    };
    for (byte b : frames) {
      decoder.feed(new byte[] {b}, 1);
    }

    assertThat(lines).containsExactly("a", "e", "bc");
  }

  private void ready(String command, ReadinessProbe probe) throws Exception {
    DeploymentSpec spec =
        ProviderFixture.web()
            .startCommand(command)
            .readiness(probe)
            .startTimeout(Duration.ofSeconds(20))
            .releaseGrace(Duration.ZERO)
            .build();
    try (AutoDeploy autoDeploy =
        AutoDeploy.builder().provider(DockerInstanceProvider.create()).owner(owner).build()) {
      Deployment web = autoDeploy.deploy(spec);
      try (Lease lease = web.acquire(Duration.ofSeconds(30))) {
        assertThat(lease.endpoint()).isNotNull();
      }
    }
  }

  private static String served(HostProcess host) throws InterruptedException {
    return host.await("served", Duration.ofSeconds(40)).replaceFirst("served (\\S+) .*", "$1");
  }

  private HostProcess serve(String command) {
    return HostProcess.start(
        "serve", owner, directory.resolve("state").toString(), "60", command, "^READY$");
  }
}
