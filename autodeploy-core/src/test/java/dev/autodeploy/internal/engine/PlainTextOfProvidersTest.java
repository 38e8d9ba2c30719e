package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import dev.autodeploy.StartFailedException;
import dev.autodeploy.event.DeploymentEvent;
import dev.autodeploy.internal.text.PlainText;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.StartProgress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Texts of instances and providers, which cannot act on a terminal, or forge a line of a log. */
final class PlainTextOfProvidersTest {
  private static final String EVIL =
      "\u001B[2J\u001B]0;owned\u0007red\n2026-01-01 INFO forged\r\u202Etxt.exe\u009B31m";
  private static final String SHOWN = "red 2026-01-01 INFO forged \uFFFDtxt.exe";

  private final PrintStream err = System.err;
  private final ByteArrayOutputStream logged = new ByteArrayOutputStream();
  private final EngineHarness h = new EngineHarness().start();
  private final Deployment voice = h.deploy(b -> b.environment("TOKEN", "hunter2hunter2"));

  @BeforeEach
  void capture() {
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void nothingInTheLogActs() {
    System.setErr(err);
    assertThat(logged.toString(StandardCharsets.UTF_8).lines())
        .allMatch(PlainText::isLine)
        .noneMatch(line -> line.startsWith("2026-01-01"));
  }

  private static InstanceExit exit() {
    return new InstanceExit(3, false, List.of("tail\t" + EVIL), "bad " + EVIL, null);
  }

  @Test
  void startThatFails_isToldInPlainText() {
    h.provider.startAnswer =
        CompletableFuture.failedFuture(
            new InstanceStartException("refused: " + EVIL, exit(), null));

    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();

    Throwable error = lease.handle((l, e) -> e).join();
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    assertThat(cause).hasMessageContaining("refused: " + SHOWN);
    assertThat(List.of(cause.getMessage().split("\n", -1))) // its last lines follow
        .allMatch(PlainText::isLine)
        .last()
        .isEqualTo("  | tail\t" + SHOWN);
    assertPlain(((StartFailedException) cause).summary());
    assertPlain(h.events(DeploymentEvent.InstanceStartFailed.class).toString());
    assertThat(voice.status().toString()).contains("tail\t" + SHOWN);
    assertPlain(voice.status().toString());
  }

  @Test
  void progressOfAStart_isToldInPlainText() {
    CompletableFuture<Lease> lease = voice.acquireAsync();
    h.time.run();
    String id = voice.status().instances().get(0).id();

    h.provider.progress(id, new StartProgress("pull " + EVIL, EVIL, 1, 2));
    h.time.run();

    assertThat(h.events(DeploymentEvent.InstanceProgress.class).toString())
        .contains("pull " + SHOWN);
    assertPlain(h.events(DeploymentEvent.InstanceProgress.class).toString());
    lease.cancel(false);
  }

  @Test
  void instanceThatEnds_isToldInPlainText() {
    Lease lease = h.acquire(voice);
    CompletableFuture<InstanceExit> lost = lease.lost().toCompletableFuture();

    h.provider.end(lease.instanceId(), exit(), true);
    h.time.run();

    assertThat(lost.join().toString()).contains("bad " + SHOWN);
    assertPlain(lost.join().toString());
    assertPlain(h.events(DeploymentEvent.InstanceExited.class).toString());
  }

  @Test
  void releaseThatFails_isToldInPlainText() {
    Lease lease = h.acquire(voice);
    lease.close();
    h.provider.releaseAnswer =
        CompletableFuture.failedFuture(new IllegalStateException("no " + EVIL));

    voice.release();
    h.time.run();

    assertThat(h.events(DeploymentEvent.InstanceReleaseFailed.class).toString())
        .contains("no " + SHOWN);
    assertPlain(h.events(DeploymentEvent.InstanceReleaseFailed.class).toString());
  }

  @Test
  void logs_arePlainText_andSecretsInPiecesStayMasked() {
    h.provider.log = List.of(EVIL, "\u001B[32mINFO\u001B[0m\tok", "hunter2\u001B[0mhunter2");
    String instance = h.acquire(voice).instanceId();

    CompletableFuture<List<String>> lines = voice.logs(instance, 10);
    h.time.run();

    assertThat(lines).isCompletedWithValue(List.of(SHOWN, "INFO\tok", "••••••"));
  }

  private static void assertPlain(String text) {
    assertThat(PlainText.line(text)).isEqualTo(text);
  }
}
