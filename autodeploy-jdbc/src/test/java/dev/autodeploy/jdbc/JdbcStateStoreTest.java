package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.store.FileStateStore;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JdbcStateStoreTest {
  private static final Instant AT = Instant.parse("2026-01-31T12:34:56Z");

  @TempDir private Path directory;

  private final String name = TestDatabase.newName();

  @Test
  void load_afterAnEngineThatDied_waitsUntilItsClaimHasRunOut() {
    new LeaderRow(prepared(), name).campaign("dead", "", 0, Duration.ofSeconds(1));
    try (StateStore next = store()) {
      assertThat(next.load()).isEqualTo(StoredState.empty());
    }
  }

  @Test
  void append_afterAnotherEngineHasTakenOver_isRefused() {
    try (StateStore store = store()) {
      store.load();
      new LeaderRow(prepared(), name).resign(1);
      try (StateStore next = store()) {
        next.load();
        assertThatThrownBy(() -> store.append(started("late")))
            .isInstanceOfSatisfying(
                AutoDeployException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
        assertThat(next.ledger()).isEmpty();
        assertThat(store.isTakenOver()).isTrue();
        assertThat(next.isTakenOver()).isFalse();
      }
    }
  }

  @Test
  void claim_thatIsLost_isKnownWithoutAWrite() throws Exception {
    try (StateStore store = store()) {
      store.load();
      assertThat(store.isTakenOver()).isFalse();
      new LeaderRow(prepared(), name).resign(1);
      new LeaderRow(prepared(), name).campaign("other", "", 0, Duration.ofSeconds(1));
      long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (!store.isTakenOver()) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  @Test
  void claim_whoseRenewalFailedInThePool_isRenewedAgain() throws Exception {
    AtomicInteger failures = new AtomicInteger(-1);
    try (StateStore store =
        JdbcStateStore.builder(failing(failures)).name(name).term(Duration.ofSeconds(1)).build()) {
      store.load();
      failures.set(1);
      TimeUnit.SECONDS.sleep(2);
      assertThat(failures).hasNonPositiveValue();
      try (StateStore next = store()) {
        assertThatThrownBy(next::load)
            .isInstanceOfSatisfying(
                AutoDeployException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
      }
    }
  }

  /** Returns a source that throws what no driver throws, as often as is said. */
  private static DataSource failing(AtomicInteger failures) {
    DataSource real = TestDatabase.source();
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (failures.getAndDecrement() > 0) {
                throw new IllegalStateException("the pool has a bad day");
              }
              return method.invoke(real, arguments);
            });
  }

  @Test
  void importDirectory_bringsEverythingIn() {
    List<StoredDeployment> deployments = new ArrayList<>();
    List<LedgerEntry> entries = new ArrayList<>();
    for (int i = 0; i < 1201; i++) { // more than two batches
      deployments.add(deployment("d-" + i));
      entries.add(started("i-" + i));
    }
    try (StateStore files = new FileStateStore(directory)) {
      files.load();
      files.ledger();
      files.saveOwner("owner-1");
      files.saveAll(deployments);
      for (LedgerEntry entry : entries.subList(0, 30)) {
        files.append(entry);
      }
    }
    StoredState expected = new StoredState("owner-1", deployments);
    try (JdbcStateStore store = store()) {
      assertThat(store.importDirectory(directory)).isEqualTo(expected);
      assertThat(store.load()).isEqualTo(expected);
      assertThat(store.ledger()).isEqualTo(entries.subList(0, 30));
    }
  }

  @Test
  void importDirectory_intoAStateThatIsNotEmpty_isRefused() {
    try (StateStore store = store()) {
      store.load();
      store.append(started("present"));
    }
    try (JdbcStateStore store = store()) {
      assertThatThrownBy(() -> store.importDirectory(directory))
          .isInstanceOf(AutoDeployException.class)
          .hasMessageContaining("is not empty");
    }
  }

  @Test
  void importDirectory_thatAnEngineUses_isRefused() {
    try (StateStore files = new FileStateStore(directory);
        JdbcStateStore store = store()) {
      files.load();
      assertThatThrownBy(() -> store.importDirectory(directory))
          .isInstanceOfSatisfying(
              AutoDeployException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
    }
  }

  @Test
  void states_ofOtherNames_doNotMix() {
    try (StateStore one = store();
        StateStore other =
            JdbcStateStore.builder(TestDatabase.source()).name(name + "-other").build()) {
      one.load();
      other.load();
      one.save(deployment("a"));
      one.append(started("a"));
      other.save(deployment("b"));
      other.remove("a");
      assertThat(other.ledger()).isEmpty();
      assertThat(one.ledger()).hasSize(1);
    }
  }

  @Test
  void rowsThatAreLargerThanTheMemory_areRefusedInWords() {
    try (JdbcStateStore store = store()) {
      store.load();
      store.save(deployment("a"));
      store.append(started("a"));
      store.pages().put("000001.jsonl", List.of("x".repeat(400)));
    }
    Database small = new Database(TestDatabase.source(), 50);
    LeaderRow row = new LeaderRow(small, name);
    long epoch = row.campaign("small", "", 0, Duration.ofSeconds(10)).leader().epoch();
    try (JdbcState state = new JdbcState(small, row, epoch)) {
      for (ThrowingCallable read :
          List.<ThrowingCallable>of(
              state::load, state::ledger, () -> state.pages().get("000001.jsonl"))) {
        assertThatThrownBy(read)
            .isInstanceOf(AutoDeployException.class)
            .hasMessageContaining("more than 50 bytes in one piece");
      }
    }
  }

  private Database prepared() {
    Database database = new Database(TestDatabase.source());
    database.createTables();
    return database;
  }

  private JdbcStateStore store() {
    return JdbcStateStore.builder(TestDatabase.source())
        .name(name)
        .term(Duration.ofSeconds(1))
        .build();
  }

  private static StoredDeployment deployment(String deployment) {
    return new StoredDeployment(DeploymentSpec.builder(deployment).port(8080).build(), AT);
  }

  private static LedgerEntry started(String instanceId) {
    return new LedgerEntry.Started("voice", instanceId, GpuRequest.none(), AT);
  }
}
