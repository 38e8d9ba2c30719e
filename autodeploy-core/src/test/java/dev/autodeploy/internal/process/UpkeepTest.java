package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UpkeepTest {
  @TempDir Path registry;

  @Test
  void refresh_makesFilesNewButNotTheTimeOfAnEnd() throws Exception {
    Path instance = Files.createDirectories(registry.resolve("one/i-1"));
    FileTime old = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
    for (String name : new String[] {"instance.json", "exit"}) {
      Files.setLastModifiedTime(Files.createFile(instance.resolve(name)), old);
    }

    Upkeep.refresh(registry, registry.resolve("one"));

    assertThat(Files.getLastModifiedTime(instance.resolve("instance.json"))).isGreaterThan(old);
    assertThat(Files.getLastModifiedTime(instance.resolve("exit"))).isEqualTo(old);
  }

  @Test
  void forget_deletesWhatNobodyCameBackFor_butNothingInUse() throws Exception {
    Files.createDirectories(registry.resolve("gone/i-1"));
    Files.createFile(registry.resolve("gone/i-1/instance.json"));
    Instant later = Instant.now().plus(Duration.ofDays(31));

    try (OwnerLock used = OwnerLock.take(registry, "used")) {
      Upkeep.forget(registry, Instant.now());
      assertThat(registry.resolve("gone")).exists();

      Upkeep.forget(registry, later);
      assertThat(registry.resolve("gone")).doesNotExist();
      assertThat(used.directory()).exists();
    }
    assertThat(registry.resolve("used")).doesNotExist();
  }
}
