package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CallerBudgetTest {

  @Test
  void caller_getsNoMoreThanHalf_andAllOfThemNoMoreThanThereIs() {
    CallerBudget budget = new CallerBudget(100);

    assertThat(budget.reserve("a", 30)).isTrue();
    assertThat(budget.reserve("a", 21)).isFalse();
    assertThat(budget.reserve("a", 20)).isTrue();
    assertThat(budget.reserve("b", 40)).isTrue();
    assertThat(budget.reserve("c", 11)).isFalse();
    budget.giveBack("a", 30);
    assertThat(budget.reserve("c", 40)).isTrue();
    budget.giveBack("a", 20);
    assertThat(budget.reserve("a", 20)).isTrue();
    assertThat(budget.reserve("d", 1)).isFalse();
  }
}
