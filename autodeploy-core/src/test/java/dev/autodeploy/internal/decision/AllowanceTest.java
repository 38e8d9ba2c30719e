package dev.autodeploy.internal.decision;

import static dev.autodeploy.internal.decision.Instance.NEVER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Budget;
import dev.autodeploy.BudgetStatus;
import java.math.BigDecimal;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The budgets of a deployment and of its engine, of which the stricter one counts. */
final class AllowanceTest {
  private static final Instant OWN_TIME = Instant.ofEpochSecond(100);
  private static final Instant ENGINES_TIME = Instant.ofEpochSecond(200);

  private static BudgetStatus spent(String of10, boolean exhausted, boolean startable) {
    return new BudgetStatus(
        Budget.money("10", "USD"), new BigDecimal(of10), null, exhausted, startable);
  }

  private static Allowance own(boolean start, boolean over, boolean cut) {
    return new Allowance(start, over, cut, 7, OWN_TIME, spent("6", over, start));
  }

  private static Allowance engines(boolean start, boolean over, boolean cut) {
    return Allowance.ofEngine(start, over, cut, ENGINES_TIME, spent("9", over, start));
  }

  @ParameterizedTest
  @CsvSource({
    "true, true, true",
    "true, false, false",
    "false, true, false",
    "false, false, false"
  })
  void start_hasToBeCoveredByBoth(boolean own, boolean engines, boolean both) {
    assertThat(own(own, false, false).within(engines(engines, false, false)).start())
        .isEqualTo(both);
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false, false, false, false",
    "true, false, false, false, true, false",
    "false, false, true, false, true, false",
    "true, true, false, false, true, true",
    "false, false, true, true, true, true",
    "true, false, true, true, true, true",
    "true, true, true, false, true, true",
    "false, true, false, true, false, false",
    "false, true, true, false, true, false",
    "true, false, false, true, true, false"
  })
  void instances_areCutByTheOneThatIsOver_ifThatCuts(
      boolean over,
      boolean cut,
      boolean engineOver,
      boolean engineCuts,
      boolean nowOver,
      boolean nowCut) {
    Allowance both = own(true, over, cut).within(engines(true, engineOver, engineCuts));

    assertThat(both.over()).isEqualTo(nowOver);
    assertThat(both.cut()).isEqualTo(nowCut);
  }

  @Test
  void restOfBoth_isKept() {
    Allowance both = own(true, false, false).within(engines(true, false, false));

    assertThat(both.lookAt()).isEqualTo(7);
    assertThat(both.wall()).isEqualTo(ENGINES_TIME);
    assertThat(both.status()).isNotNull();
    assertThat(both.level()).isEqualTo(50);
    assertThat(both.engine()).isNotNull();
    assertThat(engines(true, false, false).lookAt()).isEqualTo(NEVER);
    assertThat(both.until(3).lookAt()).isEqualTo(3);
    assertThat(both.until(3).until(7)).isEqualTo(both);
  }

  @Test
  void limited_isWhateverHasABudget() {
    assertThat(Allowance.UNLIMITED.isLimited()).isFalse();
    assertThat(own(true, false, false).isLimited()).isTrue();
    assertThat(engines(true, false, false).isLimited()).isTrue();
  }

  @Test
  void over_isTheEnginesMatter_onlyWhereItsBudgetHasEnded() {
    Allowance fine = engines(true, false, false);
    Allowance ended = engines(false, true, false);

    assertThat(Allowance.UNLIMITED.within(ended).isOverOfEngine()).isTrue();
    assertThat(own(false, true, true).within(fine).isOverOfEngine()).isFalse();
    assertThat(own(false, true, true).isOverOfEngine()).isFalse();
    assertThat(own(true, false, false).within(fine).isOverOfEngine()).isFalse();
    Allowance notYet = Allowance.ofEngine(true, false, false, ENGINES_TIME, spent("9", true, true));
    assertThat(notYet.isOverOfEngine()).isFalse();
  }

  @Test
  void refusal_isThatOfTheDeploymentsOwnBudget_whereThatCoversNoStart() {
    Allowance own = own(false, false, false);
    Allowance both = own.within(engines(false, false, false));
    Allowance engineOnly = own(true, false, false).within(engines(false, false, false));
    Allowance neither = own(true, false, false).within(engines(true, false, false));
    Allowance none = Allowance.UNLIMITED.within(engines(false, false, false));

    assertThat(own.isRefusedByEngine()).isFalse();
    assertThat(own.refusing()).isSameAs(own.status());
    assertThat(both.isRefusedByEngine()).isFalse();
    assertThat(both.refusing()).isSameAs(own.status());
    assertThat(engineOnly.isRefusedByEngine()).isTrue();
    assertThat(engineOnly.refusing()).isSameAs(engineOnly.engine()).isNotNull();
    assertThat(neither.isRefusedByEngine()).isFalse();
    assertThat(none.isRefusedByEngine()).isTrue();
    assertThat(none.refusing()).isSameAs(none.engine()).isNotNull();
    assertThat(Allowance.UNLIMITED.refusing()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "4.99, false, 0",
    "5, false, 50",
    "7.99, false, 50",
    "8, false, 80",
    "9.99, false, 80",
    "10, false, 100",
    "1, true, 100",
    ", false, 0",
    ", true, 100"
  })
  void levels_areThoseThatAreToldOf(@Nullable String spent, boolean over, int level) {
    assertThat(Allowance.level(spent == null ? null : spent(spent, false, true), over))
        .isEqualTo(level);
  }
}
