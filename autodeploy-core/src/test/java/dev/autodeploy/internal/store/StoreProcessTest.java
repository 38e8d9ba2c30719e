package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.LockFile;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes and one state directory. */
@Timeout(60)
@SuppressWarnings("try") // a captured log is only kept from the screen
final class StoreProcessTest {
  private static final int KILLS = 8;

  @TempDir private Path directory;
  private final List<Process> processes = new ArrayList<>();

  @AfterEach
  void endProcesses() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void load_whileAnotherProcessHasTheDirectory_namesIt_andSucceedsOnceThatIsKilled()
      throws Exception {
    Process other = start("hold");
    assertThat(other.inputReader().readLine()).isEqualTo("loaded");
    FileStateStore store = new FileStateStore(directory);

    AutoDeployException e = catchThrowableOfType(AutoDeployException.class, store::load);

    assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE);
    assertThat(e)
        .hasMessageContaining("the state directory " + directory)
        .hasMessageContaining("in use by process " + other.pid() + ":");

    other.destroyForcibly().waitFor();
    assertThat(store.load()).isEqualTo(StoredState.empty());
    store.close();
  }

  @Test
  void lock_survivesASecondStoreInThisProcess_andEndsWithClose() throws Exception {
    FileStateStore store = new FileStateStore(directory);
    store.load();
    FileStateStore second = new FileStateStore(directory);
    catchThrowableOfType(AutoDeployException.class, second::load);
    second.close();
    assertThat(loadedByAnotherClassLoader()).hasMessageContaining("in use by another engine in");

    assertThat(start("try").inputReader().readLine())
        .startsWith("OWNER_IN_USE ")
        .contains("process " + ProcessHandle.current().pid() + ":");

    store.close();
    assertThat(start("try").inputReader().readLine()).isEqualTo("loaded");
  }

  @Test
  void kill_atAnyMoment_losesNothingThatWasConfirmed() throws Exception {
    Random random = new Random(42);
    int size = 0;
    for (int i = 0; i < KILLS; i++) {
      Process process = start("append");
      int confirmed = size + killAfter(process, random.nextInt(30), random.nextInt(1_000_000));

      try (CapturedLog log = new CapturedLog();
          FileStateStore store = new FileStateStore(directory)) {
        StoredState state = store.load();
        List<LedgerEntry> ledger = store.ledger();
        assertThat(ledger).hasSizeBetween(confirmed, confirmed + 1);
        for (int n = 0; n < ledger.size(); n++) {
          assertThat(ledger.get(n)).isEqualTo(Examples.started(n));
        }
        if (confirmed > size + 1) {
          assertThat(state.owner()).isIn("s" + (confirmed - 2), "s" + (confirmed - 1));
          assertThat(state.deployments())
              .anyMatch(it -> it.spec().name().equals("d" + (confirmed - 2) % 10));
        }
        size = ledger.size();
      }
    }
    assertThat(size).isGreaterThan(KILLS);
  }

  /** Returns how many entries the process has confirmed. */
  private static int killAfter(Process process, int entries, int nanos)
      throws IOException, InterruptedException {
    int confirmed = 0;
    BufferedReader out = process.inputReader();
    assertThat(out.readLine()).isEqualTo("loaded");
    while (confirmed < entries) {
      out.readLine();
      confirmed++;
    }
    for (long end = System.nanoTime() + nanos; System.nanoTime() < end; ) {
      Thread.onSpinWait();
    }
    process.toHandle().destroyForcibly(); // unlike the process, leaves its output to be read
    String line = out.readLine();
    for (; line != null && !line.isEmpty(); line = out.readLine()) {
      confirmed++;
    }
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    return confirmed;
  }

  /** Two applications in one server each have this library for themselves. */
  private Throwable loadedByAnotherClassLoader() throws ReflectiveOperationException {
    Object store =
        new CopyingLoader()
            .loadClass(FileStateStore.class.getName())
            .getConstructor(Path.class)
            .newInstance(directory);
    assertThat(store).isNotInstanceOf(FileStateStore.class);
    Method load = store.getClass().getMethod("load");
    return catchThrowableOfType(InvocationTargetException.class, () -> load.invoke(store))
        .getCause();
  }

  /**
   * A loader that has its own copies of the store's and the lock's classes, and shares all others.
   */
  private static final class CopyingLoader extends ClassLoader {
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null
          || !(name.startsWith(FileStateStore.class.getPackageName() + ".")
              || name.startsWith(LockFile.class.getPackageName() + "."))) {
        return loaded != null ? loaded : super.loadClass(name, resolve);
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  private Process start(String how) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process process =
        new ProcessBuilder(
                java,
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                StoreProcess.class.getName(),
                how,
                directory.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    processes.add(process);
    return process;
  }
}
