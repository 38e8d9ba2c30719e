package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import dev.autodeploy.spi.LedgerEntry;
import org.junit.jupiter.api.Test;

/** Budgets that a file declares while the engine runs, which each replica sees at its own time. */
final class BudgetKeeperTest {
  private static final Budget DECLARED = Budget.money("10", "USD");
  private static final Budget SET = Budget.money("20", "USD");

  private final EngineHarness h = new EngineHarness();

  @Test
  void declare_ofWhatAnotherReplicaHasDeclared_keepsTheOneThatWasSetSince() {
    h.start();
    h.engine.declareBudget(DECLARED);
    h.engine.budget(SET);

    h.engine.declareBudget(DECLARED); // by a follower that looks at the same file later

    assertThat(inForce()).isEqualTo(SET);
    assertThat(h.store.lines(LedgerEntry.Budgeted.class))
        .extracting(LedgerEntry.Budgeted::budget)
        .containsExactly(DECLARED, SET);
    h.engine.declareBudget(Budget.money("30", "USD"));
    assertThat(inForce()).isEqualTo(Budget.money("30", "USD"));
  }

  @Test
  void declare_ofABudgetThatIsRefused_changesNothing_andIsRefusedAgain() {
    h.start();
    h.deploy();
    h.engine.declareBudget(DECLARED);

    for (int i = 0; i < 2; i++) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> h.engine.declareBudget(Budget.money("10", "EUR")))
          .withMessageContaining("'voice' is in USD");
    }
    assertThat(inForce()).isEqualTo(DECLARED);
    assertThat(h.store.lines(LedgerEntry.Budgeted.class)).hasSize(1);
  }

  private Budget inForce() {
    BudgetStatus status = h.engine.budgetStatus();
    assertThat(status).isNotNull();
    return status.budget();
  }
}
