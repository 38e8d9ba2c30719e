package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.internal.files.OtherUser;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The tests of what another user of the machine, an instance or a wrong path could do, and does
 * not.
 */
final class HostileNeighbourTest extends ProviderTestBase {
  private static final Duration NOISE = Duration.ofSeconds(2);

  @Test
  void directory_withSomebodysRecordings_isRefusedAndUntouched() throws Exception {
    Path recording = registry().resolve("recordings/2020/one.wav");
    Files.createDirectories(recording.getParent());
    Files.writeString(recording, "precious");
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofDays(40)));
    for (Path path : List.of(recording, recording.getParent(), recording.getParent().getParent())) {
      Files.setLastModifiedTime(path, old);
    }
    Files.setPosixFilePermissions(registry(), PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThatThrownBy(this::provider)
        .isInstanceOf(AutoDeployException.class)
        .hasMessageContainingAll("is not empty", "give an empty directory");

    assertThat(recording).content().isEqualTo("precious");
    try (var files = Files.list(registry())) {
      assertThat(files).hasSize(1);
    }
    assertThat(Files.getPosixFilePermissions(registry())).hasSize(7);
  }

  @Test
  void directory_thatIsALink_isRefused() throws Exception {
    Path target = Files.createDirectory(file("target"));
    Files.createSymbolicLink(registry(), target);

    assertThatThrownBy(this::provider).hasMessageContaining("is a symbolic link");
    assertThat(target).isEmptyDirectory();
  }

  @Test
  void isReady_onAPortOfAnotherUser_isRefused_alsoAfterAdoption() throws Exception {
    LocalProcessProvider provider = provider();
    ProviderInstance instance = start(provider, "i-1", silentOn(FreePorts.pick(Set.of())));
    int port = instance.endpoint().getPort();
    Process attacker = otherServer(port, "");
    try {
      String[] words = {"port " + port + " is held by another user's", "(uid " + OtherUser.UID};
      assertThatThrownBy(() -> provider.isReady(instance, ReadinessProbe.tcp()))
          .isInstanceOf(IOException.class)
          .hasMessageContainingAll(words);
      // Also for an instance that is ready by what it prints, and before the start of the next one.
      assertThatThrownBy(() -> provider.isReady(instance, ReadinessProbe.logLine("loading")))
          .hasMessageContainingAll(words);
      assertThatThrownBy(() -> start(provider, "i-2", silentOn(port)))
          .cause()
          .hasMessageContainingAll("in use by another user's", "uid " + OtherUser.UID);

      provider.detach("i-1").toCompletableFuture().get();
      provider.close();
      LocalProcessProvider next = provider();
      assertThatThrownBy(() -> next.isReady(list(next).get(0), ReadinessProbe.tcp()))
          .hasMessageContainingAll(words);
      release(next, "i-1", Duration.ZERO);
      assertThat(attacker.isAlive()).isTrue();
    } finally {
      attacker.destroyForcibly().waitFor();
    }
  }

  @Test
  void treeOfAnInstance_cannotBeJoinedByWhatEverybodyCanSee() throws Exception {
    LocalProcessProvider provider = provider();
    ProviderInstance instance = start(provider, "i-1", shellOn(FreePorts.pick(Set.of())));
    Path path = registry().toRealPath().resolve(OWNER + "/i-1");
    String token = Files.readString(path.resolve("token")).strip();
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(path.toString().getBytes(StandardCharsets.UTF_8));
    String guessed = HexFormat.of().formatHex(digest, 0, 16);
    assertThat(token).isNotEqualTo(guessed);
    Eventually.until("line", () -> logs(provider, "i-1").contains("loading"));
    String visible = OtherUser.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    assertThat(visible).contains(path.toString()).doesNotContain(token);
    assertThat(OtherUser.run("cat " + path + "/token /proc/[0-9]*/environ | tr '\\0' ' '"))
        .doesNotContain(token);
    Process attacker =
        otherServer(instance.endpoint().getPort(), "export AUTODEPLOY_TREE=" + guessed + "; ");
    try {
      assertThatThrownBy(() -> provider.isReady(instance, ReadinessProbe.tcp()))
          .hasMessageContaining("another user's process");
      release(provider, "i-1", Duration.ZERO);
      assertThat(attacker.isAlive()).isTrue();
    } finally {
      attacker.destroyForcibly().waitFor();
    }
  }

  @Test
  void token_isInNoCommandLine_whileAnInstanceIsEnded() throws Exception {
    LocalProcessProvider provider = provider(OWNER, Duration.ofSeconds(1));
    start(provider, "i-1", ReleaseTest.STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);
    String token = Files.readString(registry().resolve(OWNER + "/i-1/token")).strip();
    provider.detach("i-1").toCompletableFuture().get();
    provider.close();

    // Its watcher looks for what belongs to it by tools of its own.
    List<String> lines = new ArrayList<>();
    Eventually.until(
        "the watcher has ended it",
        () -> {
          addCommandLines(lines, token);
          return pids.stream().allMatch(Eventually::isGone);
        });
    assertThat(lines).isEmpty();
    Eventually.until(
        "its watcher writes no longer",
        () -> {
          List<String> watchers = new ArrayList<>();
          addCommandLines(watchers, registry().toString());
          return watchers.isEmpty();
        });
  }

  @Test
  void isReady_whenNobodyListensAnyLonger_isRefused_butNotForALogLine() throws Exception {
    LocalProcessProvider provider = provider();
    ProviderInstance instance = start(provider, "i-1", silentOn(0));
    Eventually.until("line", () -> logs(provider, "i-1").contains("loading"));

    assertThatThrownBy(() -> provider.isReady(instance, target -> true))
        .hasMessageContaining("nothing listens on port " + instance.endpoint().getPort());
    assertThat(provider.isReady(instance, ReadinessProbe.logLine("loading"))).isTrue();
  }

  @Test
  void isReady_ofAServiceThatRunsAsAnotherUser_isTrue() throws Exception {
    OtherUser.require();
    LocalProcessProvider provider = provider();
    DeploymentSpec spec =
        DeploymentSpec.builder("voice")
            .port(0)
            .startCommand(
                String.format(
                    "exec setpriv --reuid %1$d --regid %1$d --clear-groups %2$s",
                    OtherUser.UID, tinyServer()))
            .build();
    ProviderInstance instance = start(provider, "i-1", spec);

    Eventually.until(
        "ready",
        () -> {
          try {
            return provider.isReady(instance, ReadinessProbe.tcp());
          } catch (IOException e) {
            return false;
          }
        });
  }

  @Test
  void log_ofANoisyInstance_staysShort_alsoWithoutAHost() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", "echo begin; exec yes 'a line of a long, long story'");
    Path path = registry().resolve(OWNER + "/i-1");

    assertThat(longest(path)).isBetween((long) LogFile.MAX_BYTES, 2L * LogFile.MAX_BYTES);
    assertThat(logs(provider, "i-1")).hasSize(100).contains("a line of a long, long story");
    provider.detach("i-1").toCompletableFuture().get();
    provider.close();
    assertThat(longest(path)).isBetween((long) LogFile.MAX_BYTES, 2L * LogFile.MAX_BYTES);

    LocalProcessProvider next = provider();
    assertThat(logs(next, "i-1")).hasSize(100).contains("a line of a long, long story");
    release(next, "i-1", Duration.ZERO);
  }

  @Test
  void log_isReadableForThisUserOnly_andTheCommandKeepsItsOwnMask() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", "echo said; echo x >made; exec sleep 300");
    Eventually.until("line", () -> logs(provider, "i-1").contains("said"));
    Eventually.until("file", () -> Files.exists(file("made")));

    try (var files = Files.list(registry().resolve(OWNER + "/i-1"))) {
      assertThat(files)
          .allSatisfy(file -> assertThat(Files.getPosixFilePermissions(file)).hasSize(2));
    }
    Path mine = Files.createFile(file("mine"));
    assertThat(Files.getPosixFilePermissions(file("made")))
        .isEqualTo(Files.getPosixFilePermissions(mine));
  }

  @Test
  void release_afterTheFilesWereClearedAway_stillEndsTheProcesses() throws Exception {
    LocalProcessProvider provider = provider();
    start(provider, "i-1", ReleaseTest.STUBBORN);
    List<Long> pids = Eventually.pids(file("pids"), 4);
    Path path = registry().resolve(OWNER + "/i-1");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
    Files.delete(path);

    release(provider, "i-1", Duration.ZERO);

    assertThat(pids).allMatch(Eventually::isGone);
    assertThat(list(provider)).isEmpty();
  }

  private static DeploymentSpec silentOn(int port) {
    return DeploymentSpec.builder("voice")
        .port(port)
        .startCommand("echo loading; exec sleep 300")
        .build();
  }

  /** A command whose shell stays, with its whole command line. */
  private static DeploymentSpec shellOn(int port) {
    return DeploymentSpec.builder("voice")
        .port(port)
        .startCommand("echo loading; sleep 300; exit 1")
        .build();
  }

  private static Process otherServer(int port, String before) throws Exception {
    Process server = OtherUser.start(before + "export PORT=" + port + "; exec " + tinyServer());
    assertThat(server.inputReader().readLine()).isEqualTo("listening on " + port);
    return server;
  }

  private static String tinyServer() throws Exception {
    Path classes =
        Path.of(TinyServer.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return String.format(
        "'%s/bin/java' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '%s' %s",
        System.getProperty("java.home"), classes, TinyServer.class.getName());
  }

  private static long longest(Path path) throws Exception {
    long longest = 0;
    for (long end = System.nanoTime() + NOISE.toNanos(); System.nanoTime() < end; ) {
      long size = 0;
      for (String name : List.of(LogFile.NAME, LogFile.PREVIOUS)) {
        Path file = path.resolve(name);
        try {
          size += Files.size(file);
        } catch (NoSuchFileException e) {
          // The copier has just moved it.
        }
      }
      longest = Math.max(longest, size);
      Thread.sleep(2);
    }
    return longest;
  }

  private static void addCommandLines(List<String> lines, String token) throws IOException {
    try (DirectoryStream<Path> pids = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path pid : pids) {
        try {
          String line = Files.readString(pid.resolve("cmdline"), StandardCharsets.ISO_8859_1);
          if (line.contains(token)) {
            lines.add(line);
          }
        } catch (IOException e) {
          // It has ended meanwhile.
        }
      }
    }
  }
}
