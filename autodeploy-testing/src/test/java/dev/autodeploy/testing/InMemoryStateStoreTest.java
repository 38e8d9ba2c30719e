package dev.autodeploy.testing;

import dev.autodeploy.spi.StateStore;

class InMemoryStateStoreTest extends StateStoreContract {
  @Override
  protected StateStore open() {
    return StateStore.inMemory();
  }

  @Override
  protected boolean durable() {
    return false;
  }
}
