package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ConnectionRulesTest {
  @Test
  void link_isBusyForAWhileAfterEachRequest() {
    ConnectionRules rules = new ConnectionRules(false);
    rules.requested(1_000);

    assertThat(rules.isBusy(1_024, 25)).isTrue();
    assertThat(rules.isBusy(1_025, 25)).isFalse();
    rules.requested(1_030);
    assertThat(rules.isBusy(1_030, 25)).isTrue();
  }
}
