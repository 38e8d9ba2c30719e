package dev.autodeploy.jdbc;

import dev.autodeploy.spi.StateStore;
import dev.autodeploy.testing.StateStoreContract;
import java.time.Duration;

final class JdbcStateStoreContractTest extends StateStoreContract {
  private final String name = TestDatabase.newName();

  @Override
  protected StateStore open() {
    return JdbcStateStore.builder(TestDatabase.source())
        .name(name)
        .term(Duration.ofSeconds(1))
        .build();
  }
}
