package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AttentionTest {
  private static final int MANY = 1_000;

  @Test
  void amongMany_onlyTheToldTheBusyAndAFewOthersAreLookedAt() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.autoDeploy.deployAll(
          IntStream.range(0, MANY)
              .mapToObj(i -> DeploymentSpec.builder("customer-" + i).port(80).build())
              .toList());
      Deployment busy = f.autoDeploy.deployment("customer-500");
      busy.warmUp().get();
      Attention attention = new Attention(f.autoDeploy);
      attention.told("customer-7");
      attention.told("customer-500");
      attention.told("nobody");

      Attention.Look first = attention.look(true);

      assertThat(first.expected())
          .extracting(Deployment::name)
          .containsExactlyInAnyOrder("customer-7", "customer-500");
      assertThat(first.gone()).containsExactly("nobody");
      assertThat(first.inTurn()).hasSize(Attention.TURN - 1); // without customer-7

      first.expected().forEach(d -> attention.seen(d.name(), d.status()));
      assertThat(attention.look(false).expected()).containsExactly(busy);

      busy.releaseNow().get();
      attention.seen(busy.name(), busy.status());
      assertThat(attention.look(false).expected()).isEmpty();
    }
  }

  @Test
  void others_areAllLookedAtInTurns() throws Exception {
    try (ConsoleFixture f = new ConsoleFixture()) {
      f.autoDeploy.deployAll(
          IntStream.range(0, MANY)
              .mapToObj(i -> DeploymentSpec.builder("customer-" + i).port(80).build())
              .toList());
      Attention attention = new Attention(f.autoDeploy);
      Set<String> names = new HashSet<>();

      for (int i = 0; i < MANY / Attention.TURN; i++) {
        attention.look(true).inTurn().forEach(d -> names.add(d.name()));
      }

      assertThat(names).hasSize(MANY);
    }
  }
}
