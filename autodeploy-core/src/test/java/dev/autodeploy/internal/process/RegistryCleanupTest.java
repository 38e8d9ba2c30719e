package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.internal.files.PrivateDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistryCleanupTest {
  private static final FileTime OLD = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
  private final Instant later = Instant.now().plus(Duration.ofDays(31));

  @TempDir Path directory;
  private PrivateDirectory registry;

  @BeforeEach
  void open() throws Exception {
    registry = RegistryDirectory.open(directory.resolve("registry"));
  }

  @Test
  void refresh_makesFilesNewButNotTheTimeOfAnEnd() throws Exception {
    PrivateDirectory owner = RegistryDirectory.openOwner(registry, "one");
    Path instance = instance(owner, "i-1");
    Path foreign = Files.createFile(owner.resolve("foreign"));
    Path dump = Files.createFile(instance.resolve("core.4711"));
    Path precious = Files.createFile(directory.resolve("precious"));
    Files.createSymbolicLink(instance.resolve("log.1"), precious);
    Path[] files = {instance.resolve("log"), instance.resolve("exit"), foreign, dump, precious};
    for (Path file : files) {
      Files.setLastModifiedTime(file, OLD);
    }

    RegistryCleanup.refresh(registry, owner);

    assertThat(Files.getLastModifiedTime(instance.resolve("log"))).isGreaterThan(OLD);
    assertThat(Files.getLastModifiedTime(instance.resolve("exit"))).isEqualTo(OLD);
    for (Path file : List.of(foreign, dump, precious)) {
      assertThat(Files.getLastModifiedTime(file)).as(file.toString()).isEqualTo(OLD);
    }
  }

  @Test
  void forget_deletesWhatNobodyCameBackFor_butNothingInUse() throws Exception {
    instance(RegistryDirectory.openOwner(registry, "gone"), "i-1");

    try (OwnerDirectory used = OwnerDirectory.take(registry, "used")) {
      RegistryCleanup.forget(registry, Instant.now());
      assertThat(registry.resolve("gone")).exists();

      RegistryCleanup.forget(registry, later);
      assertThat(registry.resolve("gone")).doesNotExist();
      assertThat(used.directory().path()).exists();
    }
    assertThat(registry.resolve("used")).doesNotExist();
  }

  @Test
  void forget_leavesWhatIsNotOurs() throws Exception {
    Path precious = Files.createDirectories(directory.resolve("precious"));
    Files.createFile(precious.resolve("recording"));
    Files.createDirectories(registry.resolve("recordings/2020"));
    Files.createFile(registry.resolve("recordings/2020/one.wav"));
    Files.createSymbolicLink(registry.resolve("link"), precious);
    PrivateDirectory mixed = RegistryDirectory.openOwner(registry, "mixed");
    Path instance = instance(mixed, "i-1");
    Files.createFile(instance.resolve("core.4711"));
    Files.createSymbolicLink(mixed.resolve("i-2"), precious);

    RegistryCleanup.forget(registry, later);

    assertThat(precious.resolve("recording")).exists();
    assertThat(registry.resolve("recordings/2020/one.wav")).exists();
    assertThat(registry.resolve("link")).isSymbolicLink();
    assertThat(mixed.resolve("i-2")).isSymbolicLink();
    assertThat(instance.resolve("core.4711")).exists();
    assertThat(instance.resolve("log")).doesNotExist();
  }

  private static Path instance(PrivateDirectory owner, String id) throws Exception {
    InstanceFiles files = new InstanceFiles(owner, id);
    files.create();
    files.recordEnd();
    return files.directory();
  }
}
