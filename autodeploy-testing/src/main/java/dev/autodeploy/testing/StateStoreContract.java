package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Money;
import dev.autodeploy.Mount;
import dev.autodeploy.UsageInterval;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.LedgerPages;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract that every {@link StateStore} has to keep. Extend it in a test class of your own,
 * override {@link #open()}, and {@link #durable()} and {@link #exclusive()} where they do not fit:
 *
 * <pre>{@code
 * class DatabaseStateStoreTest extends StateStoreContract {
 *   private final DataSource database = emptyDatabase();
 *
 *   @Override
 *   protected StateStore open() {
 *     return new DatabaseStateStore(database);
 *   }
 * }
 * }</pre>
 */
@ExtendWith(BrokenPromise.class)
public abstract class StateStoreContract {
  private static final Instant AT = Instant.parse("2026-01-31T12:34:56.123456789Z");

  private final List<StateStore> opened = new ArrayList<>();

  /** For subclasses. */
  protected StateStoreContract() {}

  /**
   * Returns a store on the place that belongs to the running test, empty at first. Called again in
   * the same test, it returns another store on the same place, as a restarted process would.
   *
   * @return the store, not loaded yet
   */
  protected abstract StateStore open();

  /**
   * Returns whether a new store on the same place finds what an earlier one was handed. Default:
   * true.
   *
   * @return false for a store that forgets when it is closed
   */
  protected boolean durable() {
    return true;
  }

  /**
   * Returns whether a second store on the same place is refused while the first one is open.
   * Default: true.
   *
   * @return false for a place that only one store can ever reach
   */
  protected boolean exclusive() {
    return durable();
  }

  /** Closes what a test opened. */
  @AfterEach
  void closeStores() {
    opened.forEach(StateStore::close);
  }

  @DisplayName("A place where nothing was saved has no owner, no deployments and an empty ledger.")
  @Test
  void load_ofAnEmptyStore_isEmpty() {
    StateStore store = newStore();
    assertThat(store.load()).isEqualTo(StoredState.empty());
    assertThat(store.ledger()).isEmpty();
  }

  @DisplayName("The next process loads what was saved: every setting of every deployment.")
  @Test
  void load_afterARestart_isWhatWasSavedLast() {
    assumeTrue(durable(), "the store forgets when it is closed");
    List<StoredDeployment> saved =
        List.of(deployment("zeta"), fullDeployment("alpha"), deployment("mid"));
    StateStore store = loaded();
    store.saveOwner("first");
    store.saveOwner("owner-1");
    saved.forEach(store::save);
    store.close();

    assertThat(newStore().load()).isEqualTo(new StoredState("owner-1", saved));
  }

  @DisplayName("A deployment is saved and removed whether an owner was saved or not.")
  @Test
  void load_withoutAnOwner_hasDeploymentsAllTheSame() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.save(deployment("only"));
    store.close();

    assertThat(newStore().load()).isEqualTo(new StoredState(null, List.of(deployment("only"))));
  }

  @DisplayName("A deployment that is saved again takes the place of the one of its name.")
  @Test
  void save_ofAKnownName_replacesThatOneInItsPlace() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.saveAll(List.of(deployment("a"), deployment("b"), deployment("c")));
    store.save(fullDeployment("b"));
    store.close();

    assertThat(newStore().load().deployments())
        .containsExactly(deployment("a"), fullDeployment("b"), deployment("c"));
  }

  @DisplayName("A deployment that is removed is gone, and all others stay.")
  @Test
  void remove_ofOne_leavesTheOthers() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.saveAll(List.of(deployment("a"), deployment("b"), deployment("c")));
    store.remove("b");
    store.close();

    assertThat(newStore().load().deployments()).containsExactly(deployment("a"), deployment("c"));
  }

  @DisplayName("A name that was never saved, or is removed already, can be removed.")
  @Test
  void remove_ofAnUnknownName_doesNothing() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.remove("never");
    store.save(deployment("a"));
    store.remove("b");
    store.remove("a");
    store.remove("a");
    store.close();

    assertThat(newStore().load()).isEqualTo(StoredState.empty());
  }

  @DisplayName("One that is removed and saved again comes behind all others.")
  @Test
  void save_afterARemoval_isTheLastOne() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.saveAll(List.of(deployment("a"), deployment("b")));
    store.remove("a");
    store.save(deployment("a"));
    store.close();

    assertThat(newStore().load().deployments()).containsExactly(deployment("b"), deployment("a"));
  }

  @DisplayName("Saving several, new, known or none, is as good as saving each.")
  @Test
  void saveAll_isAsGoodAsSavingEach() {
    assumeTrue(durable(), "the store forgets when it is closed");
    StateStore store = loaded();
    store.saveAll(List.of());
    store.save(deployment("b"));
    store.saveAll(List.of(deployment("a"), fullDeployment("b"), deployment("c")));
    store.close();

    assertThat(newStore().load().deployments())
        .containsExactly(fullDeployment("b"), deployment("a"), deployment("c"));
  }

  @DisplayName("A state that is saved over and over is, in the end, what it was last.")
  @Test
  void load_afterManyChanges_isWhatIsLeft() {
    assumeTrue(durable(), "the store forgets when it is closed");
    for (int life = 0; life < 3; life++) {
      StateStore store = loaded();
      for (int i = 0; i < 30; i++) {
        String name = "d-" + i % 7;
        store.save(i % 2 == 0 ? deployment(name) : fullDeployment(name));
        store.remove("d-" + i % 5);
      }
      store.close();
    }

    assertThat(newStore().load().deployments())
        .containsExactly(
            deployment("d-5"), fullDeployment("d-6"), deployment("d-0"), fullDeployment("d-1"));
  }

  @DisplayName("Texts come back as they were, whatever is in them.")
  @Test
  void load_ofUnusualTexts_isExact() {
    assumeTrue(durable(), "the store forgets when it is closed");
    String unusual = "quote \" backslash \\ newline \n tab \t 语音合成 \uD83C\uDFA4 \u0001 {}[],:";
    DeploymentSpec spec =
        DeploymentSpec.builder("texts")
            .port(1)
            .description(unusual)
            .startCommand(unusual)
            .environment("EMPTY", "")
            .environment("TEXT", unusual)
            .build();
    StateStore store = loaded();
    store.saveOwner(unusual);
    store.save(new StoredDeployment(spec, AT));
    store.close();

    assertThat(newStore().load())
        .isEqualTo(new StoredState(unusual, List.of(new StoredDeployment(spec, AT))));
  }

  @DisplayName("The ledger of the next process is what was appended, in that order.")
  @Test
  void ledger_afterARestart_isWhatWasAppendedInOrder() {
    assumeTrue(durable(), "the store forgets when it is closed");
    List<LedgerEntry> entries = entries();
    StateStore store = loaded();
    entries.forEach(store::append);
    store.close();

    StateStore next = newStore();
    next.load();
    assertThat(next.ledger()).isEqualTo(entries);
  }

  @DisplayName("Each process goes on where the one before it ended.")
  @Test
  void append_afterARestart_addsToWhatWasThere() {
    assumeTrue(durable(), "the store forgets when it is closed");
    List<LedgerEntry> entries = entries();
    for (LedgerEntry entry : entries) {
      StateStore store = loaded();
      store.append(entry);
      store.close();
    }
    StateStore last = newStore();
    last.load();
    assertThat(last.ledger()).isEqualTo(entries);
  }

  @DisplayName("State and ledger do not disturb each other.")
  @Test
  void saveAndAppend_inTurns_keepBoth() {
    assumeTrue(durable(), "the store forgets when it is closed");
    List<LedgerEntry> entries = entries();
    StateStore store = loaded();
    Map<String, StoredDeployment> saved = new LinkedHashMap<>();
    for (LedgerEntry entry : entries) {
      store.append(entry);
      StoredDeployment deployment = deployment("d-" + entry.instanceId());
      store.save(deployment);
      saved.put(deployment.spec().name(), deployment);
    }
    store.close();

    StateStore next = newStore();
    assertThat(next.load().deployments()).isEqualTo(List.copyOf(saved.values()));
    assertThat(next.ledger()).isEqualTo(entries);
  }

  @DisplayName("Entries of several threads are all there, whole, and in each thread's order.")
  @Test
  void append_fromSeveralThreads_losesNothing() throws InterruptedException {
    assumeTrue(durable(), "the store forgets when it is closed");
    int threads = 4;
    int each = 25;
    StateStore store = loaded();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> running = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int number = t;
      Thread thread =
          new Thread(
              () -> {
                awaitUninterruptibly(start);
                for (int i = 0; i < each; i++) {
                  store.append(started("t" + number + "-" + i));
                }
              });
      thread.start();
      running.add(thread);
    }
    start.countDown();
    for (Thread thread : running) {
      thread.join();
    }
    store.close();

    StateStore next = newStore();
    next.load();
    List<String> ids = next.ledger().stream().map(LedgerEntry::instanceId).toList();
    assertThat(ids).hasSize(threads * each);
    for (int t = 0; t < threads; t++) {
      String prefix = "t" + t + "-";
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < each; i++) {
        expected.add(prefix + i);
      }
      assertThat(ids.stream().filter(id -> id.startsWith(prefix))).isEqualTo(expected);
    }
  }

  @DisplayName("Pages survive a restart; those that nobody names any longer can be removed.")
  @Test
  void pages_afterARestart_areWhatWasPutLast() {
    StateStore store = loaded();
    LedgerPages pages = store.pages();
    assumeTrue(pages != null && durable(), "the store has no pages that last");
    requireNonNull(pages).put("000001.jsonl", List.of("old"));
    pages.put("000001.jsonl", List.of("{\"a\":\"\u00e4 \\\" \ud83d\ude00\"}", "2"));
    pages.put("000002.jsonl", List.of());
    store.close();

    LedgerPages again = requireNonNull(loaded().pages());
    assertThat(again.get("000001.jsonl"))
        .containsExactly("{\"a\":\"\u00e4 \\\" \ud83d\ude00\"}", "2");
    assertThat(again.get("000002.jsonl")).isEmpty();
    List<String> sums = List.of("b", "c", "d", "e");
    List<String> unnamed = new LedgerEntry.Page("000002", 1, "a", sums, AT, AT).names();
    unnamed.forEach(name -> again.put(name, List.of("1")));
    assertThat(again.retain(List.of("000001.jsonl", "000003.jsonl")))
        .containsExactly("000001.jsonl");
    for (String name : unnamed) {
      assertThatThrownBy(() -> again.get(name))
          .extracting(e -> ((AutoDeployException) e).code())
          .isEqualTo(ErrorCode.STATE_FAILED);
    }
  }

  @DisplayName("A replaced ledger has what it was replaced by, and what was appended since.")
  @Test
  void replaceLedger_isFollowedByWhatIsAppended() {
    StateStore store = loaded();
    LedgerPages pages = store.pages();
    assumeTrue(pages != null && durable(), "the store has no pages that last");
    List<LedgerEntry> entries = entries();
    entries.forEach(store::append);
    List<String> sums = List.of("0000abce", "0000abcf", "0000abd0", "0000abd1");
    LedgerEntry page = new LedgerEntry.Page("1", 3, "0000abcd", sums, AT, AT.plusSeconds(9));
    requireNonNull(pages).replaceLedger(List.of(page, entries.get(1)));
    store.append(entries.get(0));
    store.close();

    assertThat(loaded().ledger()).containsExactly(page, entries.get(1), entries.get(0));
  }

  @DisplayName("Two engines cannot use one state.")
  @Test
  void load_whileAnotherStoreIsOpen_isRefused() {
    assumeTrue(exclusive(), "only one store can reach this place");
    loaded();
    assertThatThrownBy(() -> newStore().load())
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
  }

  @DisplayName("A store that was refused does not disturb the one that is open.")
  @Test
  void close_ofARefusedStore_leavesTheOtherInUse() {
    assumeTrue(exclusive(), "only one store can reach this place");
    StateStore store = loaded();
    StateStore refused = newStore();
    assertThatThrownBy(refused::load).isInstanceOf(AutoDeployException.class);
    refused.close();

    assertThatThrownBy(() -> newStore().load()).isInstanceOf(AutoDeployException.class);
    store.append(started("still-works"));
    store.close();
    StateStore next = newStore();
    next.load();
    assertThat(next.ledger()).containsExactly(started("still-works"));
  }

  @DisplayName("Closing ends the use, and can be repeated.")
  @Test
  void close_isIdempotentAndFreesThePlace() {
    StateStore store = loaded();
    store.close();
    store.close();

    newStore().load();
  }

  @DisplayName("A store that was never loaded can be closed.")
  @Test
  void close_withoutLoad_doesNothing() {
    newStore().close();
  }

  private StateStore newStore() {
    StateStore store = open();
    opened.add(store);
    return store;
  }

  private StateStore loaded() {
    StateStore store = newStore();
    store.load();
    store.ledger();
    return store;
  }

  private static StoredDeployment deployment(String name) {
    return new StoredDeployment(DeploymentSpec.builder(name).port(8080).build(), AT);
  }

  private static StoredDeployment fullDeployment(String name) {
    DeploymentSpec spec =
        DeploymentSpec.builder(name)
            .description("every setting")
            .image("registry.example/voice:1.2")
            .gpu(GpuRequest.ids("GPU-1", "GPU-2").model("NVIDIA GeForce RTX 4090"))
            .port(0)
            .startCommand("cd /app && exec python api.py")
            .environment("MODEL", "large")
            .environment("A", "b")
            .mount(Mount.of("/data", "/models").asReadOnly())
            .mount(Mount.of("cache", "/cache"))
            .sharedMemoryBytes(1L << 32)
            .memoryBytes(1L << 34)
            .cpus(1.25)
            .maxProcesses(200)
            .workingDirectory("/app")
            .readiness(
                ReadinessProbe.anyOf(
                    ReadinessProbe.allOf(
                        ReadinessProbe.tcp(), ReadinessProbe.http("/health?full=1")),
                    ReadinessProbe.http("/ready", 204),
                    ReadinessProbe.logLine("ready in \\d+ s")))
            .startTimeout(Duration.ofMillis(90_001))
            .startTimeoutFactor(2.5)
            .idleTimeout(Duration.ofNanos(1_500_000_001))
            .minInstances(1)
            .maxInstances(3)
            .concurrency(2)
            .maxPending(17)
            .releaseGrace(Duration.ofMillis(2500))
            .startBackoff(Duration.ofMillis(3), Duration.ofHours(2))
            .pricePerHour(Money.of("0.4900", "USD"))
            .preserveHost(false)
            .linkPort(20_007)
            .build();
    return new StoredDeployment(spec, AT.plusNanos(1));
  }

  private static List<LedgerEntry> entries() {
    return List.of(
        started("a"),
        new LedgerEntry.Started(
            "voice", "b", GpuRequest.count(2).model("NVIDIA H100"), AT.plusSeconds(1)),
        new LedgerEntry.Used(
            "a", AT.plusSeconds(40), AT.plusSeconds(99), Duration.ofNanos(12_345_678_901L)),
        new LedgerEntry.Released(
            UsageInterval.builder("voice", "b", AT.plusSeconds(1))
                .gpu(GpuRequest.count(2).model("NVIDIA H100"))
                .releaseRequestedAt(AT.plusSeconds(2))
                .endedAt(AT.plusSeconds(3))
                .build()),
        new LedgerEntry.Released(
            UsageInterval.builder("voice", "a", AT)
                .readyAt(AT.plusSeconds(40))
                .releaseRequestedAt(AT.plusSeconds(400))
                .endedAt(AT.plusSeconds(410).plusNanos(999))
                .busy(Duration.ofSeconds(100, 1))
                .build()));
  }

  private static LedgerEntry started(String instanceId) {
    return new LedgerEntry.Started("voice", instanceId, GpuRequest.none(), AT);
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
