package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The lives of local processes where there is no /proc, as on macOS: in a JVM that does not look at
 * it.
 */
@Timeout(60)
@Tag("slow")
class WithoutProcTest {
  @TempDir private Path directory;

  @Test
  void instance_isStartedListedAndReleased_withItsChildren_andAdopted() throws Exception {
    Process main =
        new ProcessBuilder(
                System.getProperty("java.home") + "/bin/java",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                directory.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(main.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(main.waitFor()).as(output).isZero();
    assertThat(output.lines().filter(line -> line.startsWith("- ")))
        .as(output)
        .containsExactly(
            "- proc false",
            "- ready true",
            "- log [hello]",
            "- adopted true",
            "- left after the release: 0",
            "- listed 0");
  }

  /** Runs in the other JVM. */
  static final class Main {
    private static final String OWNER = "mac";

    private Main() {}

    public static void main(String[] arguments) throws Exception {
      Path directory = Path.of(arguments[0]);
      Path pids = directory.resolve("pids");
      ProcFs.hide();
      System.out.println("- proc " + ProcFs.isAvailable());
      LocalProcessProvider first = open(directory);
      String command =
          "echo hello; echo $$ >> "
              + pids
              + "; for i in 1 2; do sh -c 'echo $$ >> "
              + pids
              + "; sleep 300; :' & done; exec python3 -m http.server --bind 127.0.0.1 $PORT > /dev/null 2>&1";
      ProviderInstance instance =
          first.start(Requests.of(OWNER, "i-mac", command)).toCompletableFuture().get();
      System.out.println("- ready " + becomesReady(first, instance));
      List<Long> all = Eventually.pids(pids, 3);
      System.out.println("- log " + first.logs("i-mac", 1).toCompletableFuture().get());
      first.detach("i-mac").toCompletableFuture().get();
      first.close();

      LocalProcessProvider second = open(directory);
      List<ProviderInstance> found = second.list(OWNER).toCompletableFuture().get();
      System.out.println("- adopted " + (found.size() == 1 && becomesReady(second, found.get(0))));
      second.release("i-mac", Duration.ofSeconds(2)).toCompletableFuture().get();
      System.out.println(
          "- left after the release: "
              + all.stream()
                  .filter(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false))
                  .count());
      System.out.println("- listed " + second.list(OWNER).toCompletableFuture().get().size());
      second.close();
    }

    private static LocalProcessProvider open(Path directory) throws Exception {
      LocalProcessProvider provider =
          LocalProcessProvider.builder()
              .directory(Files.createDirectories(directory.resolve("instances")))
              .build();
      provider.open(new ProviderContext(OWNER, new RecordingObserver()));
      return provider;
    }

    private static boolean becomesReady(LocalProcessProvider provider, ProviderInstance instance)
        throws Exception {
      for (int i = 0; i < 200; i++) {
        try {
          if (provider.isReady(instance, ReadinessProbe.tcp())) {
            return true;
          }
        } catch (java.io.IOException e) {
          // not yet
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      return false;
    }
  }
}
