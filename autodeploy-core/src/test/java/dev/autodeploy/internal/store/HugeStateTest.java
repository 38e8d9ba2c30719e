package dev.autodeploy.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.spi.StoredState;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of the state that are larger than the memory of the process that reads them. */
final class HugeStateTest {
  private static final String PAGE = "ledger/000001.jsonl";

  @TempDir private Path directory;

  /** Reads a state in a process with little memory, and prints what came of it. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) {
      try (FileStateStore store = new FileStateStore(Path.of(arguments[0]), new UnforcedDisk())) {
        StoredState state = store.load();
        store.readLedger(entry -> {});
        System.out.println(state + " " + store.pages().get("000001.jsonl").size());
      } catch (AutoDeployException e) {
        System.out.println(e.code() + " " + e.getMessage());
      }
    }
  }

  @ParameterizedTest
  @Timeout(60)
  @ValueSource(
      strings = {"deployments.json", "deployments.jsonl", "ledger.jsonl", "ledger.end", PAGE})
  void fileWithoutAnEnd_isRefusedInWords(String name) throws Exception {
    try (FileStateStore store = new FileStateStore(directory, new UnforcedDisk())) {
      store.load();
    }
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(3L << 30); // of zeros, which take no room on the disk
    }

    assertThat(read())
        .startsWith("STATE_FAILED ")
        .contains(file.toString())
        .containsAnyOf("too little memory", "has more than 1000 bytes");
  }

  private String read() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said.strip().lines().reduce("", (before, line) -> line);
  }
}
