package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits, user and working directory of local processes, on this machine's kernel. */
@EnabledOnOs(OS.LINUX)
final class ConfinementTest extends ProviderTestBase {

  @Test
  void instance_thatNeedsMoreMemory_isEndedAsOutOfMemory() throws Exception {
    requireRoot();
    LocalProcessProvider provider = provider();
    DeploymentSpec spec =
        spec("head -c 200000000 /dev/zero | tail >/dev/null; exit 9").memoryBytes(32 << 20).build();
    provider.validate(spec);
    start(provider, "memory", spec);

    Eventually.until("it has ended", () -> list(provider).get(0).exit() != null);
    InstanceExit exit = list(provider).get(0).exit();
    assertThat(exit.outOfMemory()).isTrue();
    release(provider, "memory", Duration.ZERO);
    assertThat(groups("memory")).isEmpty();
  }

  @Test
  void instance_hasNoMoreProcesses_thanItIsAllowed() throws Exception {
    requireRoot();
    LocalProcessProvider provider = provider();
    start(
        provider,
        "many",
        spec("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 30 & done; wait")
            .maxProcesses(10)
            .cpus(0.5)
            .build());

    Eventually.until(
        "it cannot fork any more",
        () -> String.join(" ", logs(provider, "many")).toLowerCase(Locale.ROOT).contains("fork"));
    List<Path> groups = groups("many");
    assertThat(groups).isNotEmpty();
    assertThat(
            groups.stream()
                .map(Path::getParent)
                .flatMap(group -> Stream.of("cpu.max", "cpu.cfs_quota_us").map(group::resolve))
                .filter(Files::exists)
                .map(ConfinementTest::text))
        .as("half a processor")
        .singleElement()
        .asString()
        .startsWith("50000");
    release(provider, "many", Duration.ZERO);
    assertThat(groups("many")).isEmpty();
  }

  @Test
  void instance_ofAnotherUser_hasItsGroupsAndHome_andIsReleased() throws Exception {
    requireRoot();
    try (LocalProcessProvider provider =
        LocalProcessProvider.builder()
            .directory(registry())
            .workingDirectory(Path.of("/"))
            .user("nobody")
            .build()) {
      provider.open(new ProviderContext(OWNER, observer));
      start(
          provider,
          "theirs",
          spec("id -un; echo \"it's $USER in $(pwd)\"; exec sleep 60")
              .workingDirectory("/tmp")
              .build());

      Eventually.until(
          "it runs as nobody",
          () -> logs(provider, "theirs").equals(List.of("nobody", "it's nobody in /tmp")));
      release(provider, "theirs", Duration.ofSeconds(5));
      assertThat(list(provider)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "$(id)", "-x", ""})
  void user_thatIsNoName_isRefused(String name) {
    assertThatThrownBy(() -> LocalProcessProvider.builder().user(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not the name of a user");
  }

  @Test
  void limits_ofVersion2_areWrittenBesideTheOwnGroup_whereItsParentOffersThem() throws Exception {
    Path root = Files.createDirectories(file("cgroup"));
    Files.createFile(root.resolve("cgroup.controllers"));
    Path slice = Files.createDirectories(root.resolve("app.slice/own.service")).getParent();

    assertThatThrownBy(
            () ->
                Cgroups.create(
                    "x",
                    spec("true").memoryBytes(64 << 20).build(),
                    root,
                    List.of("0::/app.slice/own.service"),
                    Files::createDirectory))
        .as("a plain directory has no files of the kernel's")
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cgroup.subtree_control");
    assertThat(slice.resolve("x")).doesNotExist();
    assertThat(slice.resolve("own.service/x")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void limits_ofVersion2_areAllInOneGroup_belowTheOwnOrBesideIt(boolean delegated)
      throws Exception {
    Path root = Files.createDirectories(file("cgroup"));
    Files.createFile(root.resolve("cgroup.controllers"));
    Path own = Files.createDirectories(root.resolve("app.slice/own.service"));
    Path above = own.getParent();
    Files.writeString((delegated ? own : above).resolve("cgroup.subtree_control"), "");
    // As the kernel does, which offers the files of the controllers that the parent passes on; one
    // that has processes itself passes on none.
    Cgroups.Maker kernel =
        directory -> {
          Files.createDirectory(directory);
          if (directory.getParent().equals(delegated ? own : above)) {
            for (String file : List.of("memory.max", "cpu.max", "pids.max")) {
              Files.writeString(directory.resolve(file), "max");
            }
            Files.writeString(directory.resolve("memory.events"), "low 0\noom 2\noom_kill 1\n");
          }
          return directory;
        };

    Cgroups groups =
        Cgroups.create(
            "x",
            spec("true").memoryBytes(64 << 20).cpus(1.5).maxProcesses(40).build(),
            root,
            List.of("0::/app.slice/own.service"),
            kernel);

    Path made = (delegated ? own : above).resolve("x");
    assertThat(text(made.resolve("memory.max"))).isEqualTo("67108864");
    assertThat(text(made.resolve("cpu.max"))).isEqualTo("150000 100000");
    assertThat(text(made.resolve("pids.max"))).isEqualTo("40");
    assertThat(groups.processes()).containsExactly(made.resolve("cgroup.procs"));
    assertThat(groups.wasOutOfMemory()).isTrue();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DeploymentSpec.Builder spec(String command) {
    return DeploymentSpec.builder("confined").port(0).startCommand(command);
  }

  /** The control groups that are there for an instance. */
  private static List<Path> groups(String id) {
    return Cgroups.find(Confinement.groupName(OWNER, id)).processes();
  }

  private static void requireRoot() {
    if (!"root".equals(System.getProperty("user.name"))) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs to be root");
      }
      abort("limits and users of local processes need root here");
    }
  }
}
