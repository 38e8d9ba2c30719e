package dev.autodeploy.examples.breezyvoice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Money;
import dev.autodeploy.ReleaseReason;
import dev.autodeploy.StartReason;
import dev.autodeploy.event.DeploymentEvent;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PhasePrinterTest {
  private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
  private final PhasePrinter printer = new PhasePrinter(out, new WaitingLine(out, false));

  @Test
  void oneLife_isToldWithDurationsAndMoney() {
    starting("a");
    ready("a");
    releasing("a");
    released("a");

    assertThat(lines())
        .containsExactly(
            "voice  IDLE: starting instance a",
            "voice  RUNNING after 1.84 s",
            "voice  IDLE: releasing instance a after 5 min idle",
            "voice  STANDBY: released after 5 min idle, 0.041 USD so far");
  }

  @Test
  void secondInstance_comesAndGoesWhileTheDeploymentRuns() {
    starting("a");
    ready("a");
    starting("b");
    ready("b");
    releasing("b");
    released("b");

    assertThat(lines())
        .endsWith(
            "voice  RUNNING: starting instance b",
            "voice  RUNNING after 1.84 s",
            "voice  RUNNING: releasing instance b after 5 min idle",
            "voice  RUNNING: released after 5 min idle, 0.041 USD so far");
  }

  @Test
  void instancesOfAnotherDeployment_doNotCount() {
    printer.onEvent(
        new DeploymentEvent.InstanceStarting(AT, "other", "x", StartReason.REQUEST, null));
    starting("a");
    released("a");

    assertThat(lines()).last().asString().startsWith("voice  STANDBY: released");
  }

  private void starting(String id) {
    printer.onEvent(
        new DeploymentEvent.InstanceStarting(AT, "voice", id, StartReason.REQUEST, null));
  }

  private void ready(String id) {
    printer.onEvent(
        new DeploymentEvent.InstanceReady(
            AT, "voice", id, URI.create("http://127.0.0.1:1"), Duration.ofMillis(1840), null));
  }

  private void releasing(String id) {
    printer.onEvent(
        new DeploymentEvent.InstanceReleasing(
            AT, "voice", id, ReleaseReason.IDLE, Duration.ofMillis(300_004)));
  }

  private void released(String id) {
    printer.onEvent(
        new DeploymentEvent.InstanceReleased(
            AT,
            "voice",
            id,
            ReleaseReason.IDLE,
            Duration.ofMinutes(6),
            Duration.ofSeconds(3),
            Money.of("0.041", "USD"),
            Money.of("0.041", "USD")));
  }

  /** Returns what was printed, without the time of day. */
  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().map(l -> l.substring(10)).toList();
  }
}
