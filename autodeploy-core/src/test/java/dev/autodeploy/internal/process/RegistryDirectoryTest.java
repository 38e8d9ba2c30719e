package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.files.PrivateDirectory;
import dev.autodeploy.internal.files.UnsafePathException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Registries that were made before there was a marker. */
final class RegistryDirectoryTest {
  @TempDir Path directory;

  @Test
  void open_ofAnEarlierRegistry_takesItOver() throws Exception {
    Path registry = earlier();

    PrivateDirectory opened = RegistryDirectory.open(registry);
    PrivateDirectory owner = RegistryDirectory.openOwner(opened, "one");

    assertThat(registry.resolve(PrivateDirectory.MARKER)).exists();
    InstanceFiles files = new InstanceFiles(owner, "i-1");
    assertThat(files.open()).isTrue();
    assertThat(files.hasRecord()).isTrue();
    files.delete();
    assertThat(owner.resolve("i-1")).doesNotExist();
  }

  @Test
  void open_ofSomethingThatOnlyLooksLikeOne_isRefused() throws Exception {
    Path registry = earlier();
    Files.createFile(Files.createDirectory(registry.resolve("recordings")).resolve("one.wav"));
    assertThatThrownBy(() -> RegistryDirectory.open(registry))
        .isInstanceOf(UnsafePathException.class)
        .hasMessageContaining("is not empty");
    assertThat(registry.resolve(PrivateDirectory.MARKER)).doesNotExist();
  }

  @Test
  void directoryOfAnInstance_withSomethingElseInIt_isLeftAlone() throws Exception {
    PrivateDirectory owner =
        RegistryDirectory.openOwner(RegistryDirectory.open(directory.resolve("r")), "one");
    Path foreign = Files.createDirectory(owner.resolve("recordings"));
    Files.createFile(foreign.resolve("one.wav"));

    new InstanceRecovery(owner, "one").run((id, instance) -> {}, (id, instance) -> {});

    assertThat(foreign).isDirectoryContaining(file -> file.endsWith("one.wav"));
    try (var files = Files.list(foreign)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void open_withoutADirectory_isInTheUsersHome_andNowhereThatOthersCanTake() throws Exception {
    Path home = directory.toRealPath();
    String before = System.getProperty("user.home");
    System.setProperty("user.home", home.toString());
    try {
      assertThat(RegistryDirectory.open(null).path()).startsWith(home.resolve(".local/state"));
    } finally {
      System.setProperty("user.home", before);
    }
  }

  private Path earlier() throws Exception {
    Path registry = directory.resolve("registry");
    Path instance = Files.createDirectories(registry.resolve("one/i-1"));
    for (String name : new String[] {"watch.sh", ".lock", "one/.lock", "one/.host"}) {
      Files.createFile(registry.resolve(name));
    }
    for (String name : new String[] {"instance.json", "lease", "log", "log.1", "guard"}) {
      Files.createFile(instance.resolve(name));
    }
    return registry;
  }
}
