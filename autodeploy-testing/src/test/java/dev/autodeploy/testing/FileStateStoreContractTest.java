package dev.autodeploy.testing;

import dev.autodeploy.internal.store.FileStateStore;
import dev.autodeploy.spi.StateStore;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStateStoreContractTest extends StateStoreContract {
  @TempDir private Path directory;

  @Override
  protected StateStore open() {
    return new FileStateStore(directory);
  }
}
