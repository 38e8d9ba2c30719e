package dev.autodeploy.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("faults")
class FaultsTest {
  @TempDir private Path directory;

  @Test
  void faults_loseNoRequestUnsaid_leaveNoInstance_andHangNobody() throws Exception {
    assertThat(Faults.run(directory)).isEmpty();
  }
}
