package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.Deployment;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.InstancePhase;
import dev.autodeploy.SleepMode;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.ProviderCapacity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ledger's lines about sleep: a next process has nothing else to go by. */
class EngineSleepTest {
  private static final Duration SLEEP_AFTER = Duration.ofMinutes(1);

  private final EngineHarness h = new EngineHarness();
  private SleepMode mode =
      SleepMode.of(
          List.of(SleepMode.Request.post("/sleep")), List.of(SleepMode.Request.post("/wake")));
  private GpuRequest gpu = GpuRequest.none();
  private boolean pinned;
  private @Nullable Budget budget;

  private Deployment used(EngineHarness on) {
    Deployment voice =
        on.deploy(
            b ->
                b.gpu(gpu)
                    .pinned(pinned)
                    .sleepMode(mode)
                    .sleepAfter(SLEEP_AFTER)
                    .budget(budget)
                    .idleTimeout(Duration.ofHours(9)));
    on.acquire(voice).close();
    return voice;
  }

  private void cannotWriteSleep() {
    h.store.beforeAppend =
        entry -> {
          if (entry instanceof LedgerEntry.Slept) {
            throw new UncheckedIOException(new IOException("the disk is full"));
          }
        };
  }

  private void checkSays(boolean asleep) {
    mode = mode.check(SleepMode.Check.of("/state", "asleep"));
    h.provider.answers.put("/state", asleep ? "asleep" : "awake");
  }

  @Test
  void orderToSleep_thatCannotBeWritten_isNotSentBeforeItCan() {
    h.start();
    Deployment voice = used(h);
    cannotWriteSleep();
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(20);
    assertThat(h.provider.count("call /sleep")).isZero();
    h.store.beforeAppend = entry -> {};
    h.time.passSeconds(2);
    assertThat(h.provider.count("call /sleep")).isEqualTo(1);
    assertThat(voice.status().count(InstancePhase.ASLEEP)).isEqualTo(1);
    cannotWriteSleep();
    h.acquire(voice).close();
    h.time.passSeconds(200);
    assertThat(h.provider.count("call /sleep")).isEqualTo(1);
    assertThat(h.provider.count("release")).as("it is not kept for ever").isEqualTo(1);
  }

  @Test
  void wakingThatCouldNotBeWritten_isWrittenAsSoonAsItCan() {
    h.start();
    Deployment voice = used(h);
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(50);
    cannotWriteSleep();
    h.acquire(voice);
    h.store.beforeAppend = entry -> {};
    h.time.passSeconds(120);
    List<LedgerEntry.Slept> lines = h.store.lines(LedgerEntry.Slept.class);
    assertThat(lines.get(lines.size() - 1).since()).isNull();
    assertThat(lines.get(lines.size() - 1).asleep()).isPositive();
  }

  @Test
  void foundAwakeAlthoughItMaySleep_isToldAgain_andSleepsFromThenOn() {
    h.start();
    checkSays(true);
    used(h);
    h.time.pass(SLEEP_AFTER);
    checkSays(false); // as if the line of its waking was lost
    h.time.passSeconds(3600);
    EngineHarness next = new EngineHarness(h).start();
    next.time.passSeconds(5);
    assertThat(next.provider.count("call /sleep")).isGreaterThanOrEqualTo(2);
    checkSays(true);
    next.time.passSeconds(60);
    Deployment voice = next.engine.deployment("voice");
    assertThat(voice.status().count(InstancePhase.ASLEEP)).isEqualTo(1);
    next.time.passSeconds(100);
    voice.releaseNow();
    next.time.run();
    LedgerEntry.Released end = next.store.lines(LedgerEntry.Released.class).get(0);
    assertThat(end.usage().asleep())
        .as("not the hour")
        .isBetween(Duration.ofSeconds(100), Duration.ofSeconds(170));
  }

  @Test
  void foundAwakeAlthoughItMaySleep_whileOthersMayUseIt_staysAwake() {
    h.start();
    checkSays(true);
    used(h);
    h.time.pass(SLEEP_AFTER);
    checkSays(false);
    h.time.passSeconds(3600);
    long orders = h.provider.count("call /sleep");
    EngineHarness next = new EngineHarness(h);
    next.adoptionHold = Duration.ofSeconds(30);
    next.start();
    next.time.passSeconds(5);
    Deployment voice = next.engine.deployment("voice");
    assertThat(voice.status().count(InstancePhase.READY)).isEqualTo(1);
    assertThat(next.provider.count("call /sleep")).isEqualTo(orders);
    voice.releaseNow();
    next.time.run();
    LedgerEntry.Released end = next.store.lines(LedgerEntry.Released.class).get(0);
    assertThat(end.usage().asleep()).as("how long it did is not known").isZero();
  }

  @Test
  void foundAwakeAlthoughItMaySleep_countsInTheBudgetAtOnce() {
    gpu = GpuRequest.count(1);
    budget = Budget.money("1", "USD");
    h.provider.capacity = ProviderCapacity.of(List.of(ProviderCapacity.Gpu.named("0")));
    h.provider.sharesGpusOfSleepers = true;
    h.start();
    checkSays(true);
    Deployment before = used(h);
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(3600);
    checkSays(false);
    assertThat(before.budgetStatus().spent())
        .as("asleep it costs nothing")
        .isLessThan(BigDecimal.ONE);
    h.provider.unanswered.add("/sleep");

    EngineHarness next = new EngineHarness(h).start();
    next.time.passSeconds(1);

    assertThat(next.engine.deployment("voice").budgetStatus().spent())
        .isGreaterThan(new BigDecimal("3.6"));
    assertThat(next.provider.count("release")).isEqualTo(1);
  }

  @Test
  void sleeperThatIsGoneAfterARestart_isCountedAsAsleepUntilThen() {
    h.start();
    used(h);
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(3600);
    h.provider.hidesAll = () -> {};
    EngineHarness next = new EngineHarness(h).start();
    LedgerEntry.Released end = next.store.lines(LedgerEntry.Released.class).get(0);
    assertThat(end.usage().asleep()).isBetween(Duration.ofSeconds(3600), Duration.ofSeconds(3601));
  }

  @Test
  void sleeperThatKeepsItsRoom_andIsGoneAfterARestart_isPaidForAsIfAwake() {
    gpu = GpuRequest.count(1);
    pinned = true;
    h.start();
    used(h);
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(3600);
    assertThat(h.engine.deployment("voice").status().count(InstancePhase.ASLEEP)).isEqualTo(1);
    h.provider.hidesAll = () -> {};
    EngineHarness next = new EngineHarness(h).start();
    LedgerEntry.Released end = next.store.lines(LedgerEntry.Released.class).get(0);
    assertThat(end.usage().asleep()).isZero();
    assertThat(end.usage().paid()).isGreaterThan(Duration.ofHours(1));
  }

  @Test
  void sleeps_areWhereTheyWere_overRestarts() {
    h.start();
    used(h);
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(1000);
    Deployment voice = h.engine.deployment("voice");
    h.acquire(voice).close();
    h.time.pass(SLEEP_AFTER);
    h.time.passSeconds(2000);
    List<UsageInterval.Sleep> before = sleeps(voice);
    assertThat(before).hasSize(2);
    assertThat(Duration.between(before.get(0).to(), before.get(1).from())).isEqualTo(SLEEP_AFTER);
    EngineHarness next = new EngineHarness(h).start();
    next.time.passSeconds(5);
    voice = next.engine.deployment("voice");
    assertThat(voice.status().count(InstancePhase.ASLEEP)).isEqualTo(1);
    List<UsageInterval.Sleep> after = sleeps(voice);
    assertThat(after.get(0)).isEqualTo(before.get(0));
    assertThat(after.get(1).from()).isEqualTo(before.get(1).from());
    next.acquire(voice).close();
    next.time.passSeconds(10);
    EngineHarness third = new EngineHarness(next).start();
    third.time.passSeconds(5);
    List<UsageInterval.Sleep> last = sleeps(voice);
    assertThat(last.get(1).from()).isEqualTo(before.get(1).from());
    assertThat(sleeps(third.engine.deployment("voice")))
        .startsWith(last.toArray(UsageInterval.Sleep[]::new));
  }

  private static List<UsageInterval.Sleep> sleeps(Deployment voice) {
    return voice.usage(Instant.EPOCH, Instant.MAX).get(0).sleeps();
  }
}
