package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of processes that a process has made as long as it likes. */
final class ProcFsTest {
  @TempDir private Path directory;

  @Test
  void read_ofAnEnvironmentOfGigabytes_isItsBeginning() throws Exception {
    Path environ = directory.resolve("environ");
    try (RandomAccessFile file = new RandomAccessFile(environ.toFile(), "rw")) {
      file.writeBytes("AUTODEPLOY_TREE=abc");
      file.setLength(3L << 30);
    }

    assertThat(ProcFs.read(environ)).startsWith("AUTODEPLOY_TREE=abc\0").hasSize(8 << 20);
  }

  @Test
  void read_ofWhatIsNotThere_isNull() throws Exception {
    assertThat(ProcFs.read(directory.resolve("environ"))).isNull();
    assertThat(ProcFs.read(Files.createFile(directory.resolve("stat")))).isEmpty();
  }
}
