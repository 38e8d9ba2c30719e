package dev.autodeploy.internal.declared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.Budget;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.InvalidDeploymentsFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeploymentsFileWatchTest {
  private static final String ONE = "deployments: {one: {image: a, port: 1}}";
  private static final String TWO =
      "deployments: {one: {image: a, port: 1}, two: {image: b, port: 2}}";

  @TempDir Path temporary;
  private final List<List<String>> deployed = new ArrayList<>();
  private final List<Budget> budgets = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private Path file;
  private boolean engineFails;

  @BeforeEach
  void file() throws Exception {
    file = Files.writeString(temporary.toRealPath().resolve("deployments.yaml"), ONE);
  }

  @Test
  void wrongFile_isAnErrorBeforeAnythingStarts() throws Exception {
    Files.writeString(file, "deployments: {one: {}}");

    assertThatThrownBy(this::watch).isInstanceOf(InvalidDeploymentsFileException.class);
    assertThat(deployed).isEmpty();
  }

  @Test
  void change_countsOnceTwoLooksHaveFoundTheSame() throws Exception {
    DeploymentsFileWatch watch = watch();
    watch.apply();
    Files.writeString(file, "deployments: {one: {image: a, port: 9}}"); // as far as it is written
    watch.look();
    Files.writeString(file, TWO);
    watch.look();
    assertThat(deployed).containsExactly(List.of("one:1"));

    watch.look();

    assertThat(deployed).containsExactly(List.of("one:1"), List.of("one:1", "two:2"));
    assertThat(watch.state().names()).containsExactlyInAnyOrder("one", "two");
    watch.look();
    assertThat(deployed).hasSize(2);
  }

  @Test
  void fileReplacedAtomicallyOrByARename_isSeen() throws Exception {
    DeploymentsFileWatch watch = watch();
    Path next = Files.writeString(file.resolveSibling("next"), TWO);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    settle(watch);
    assertThat(deployed).containsExactly(List.of("one:1", "two:2"));

    // As editors do: the old one aside, for a moment none, a new one.
    Files.move(file, file.resolveSibling("deployments.yaml~"));
    watch.look();
    Files.writeString(file, ONE);
    settle(watch);

    assertThat(watch.state().problem()).isNull();
    assertThat(deployed).hasSize(2).last().isEqualTo(List.of("one:1"));
  }

  @Test
  void brokenFile_changesNothingAndSaysSo_untilItIsWhole() throws Exception {
    DeploymentsFileWatch watch = watch();
    Files.writeString(file, "deployments: {one: {image: a, prot: 1}}");
    settle(watch);

    assertThat(deployed).isEmpty();
    assertThat(watch.state().names()).containsExactly("one");
    assertThat(watch.state().problem()).contains("one.prot", "did you mean 'port'?");

    Files.delete(file);
    settle(watch);
    assertThat(watch.state().problem()).contains("there is no file");

    Files.writeString(file, ONE);
    settle(watch);
    assertThat(watch.state().problem()).isNull();
    assertThat(deployed).isEmpty();
  }

  @Test
  void deploymentTakenOutOfTheFile_stays_andIsDeclaredNoLonger() throws Exception {
    Files.writeString(file, TWO);
    DeploymentsFileWatch watch = watch();
    Files.writeString(file, ONE);

    settle(watch);

    assertThat(deployed).containsExactly(List.of("one:1"));
    assertThat(watch.state().names()).containsExactly("one");
  }

  @Test
  void engineThatRefuses_isAskedAgain() throws Exception {
    DeploymentsFileWatch watch = watch();
    Files.writeString(file, TWO);
    engineFails = true;
    settle(watch);
    assertThat(watch.state().problem()).contains("the engine refuses");
    assertThat(watch.state().names()).containsExactly("one");

    engineFails = false;
    watch.look();

    assertThat(watch.state().problem()).isNull();
    assertThat(deployed).containsExactly(List.of("one:1", "two:2"));
  }

  @Test
  void secretThatChanges_isAChange() throws Exception {
    Path secret = Files.writeString(file.resolveSibling("tag"), "1\n");
    Files.writeString(file, "deployments: {one: {image: 'a:${file:tag}', port: 1}}");
    DeploymentsFileWatch watch = watch();
    settle(watch);
    assertThat(deployed).isEmpty();

    Files.writeString(secret, "2\n");
    settle(watch);

    assertThat(deployed).hasSize(1);
  }

  @Test
  void budgetThatChanges_isPutInForceOnce_andOneThatIsTakenOutStays() throws Exception {
    Files.writeString(file, "budget: {amount: 20, currency: USD}\n" + ONE);
    DeploymentsFileWatch watch = watch();
    assertThat(watch.budget()).isEqualTo(Budget.money("20", "USD"));
    settle(watch);
    assertThat(budgets).as("the engine was built with it").isEmpty();

    Files.writeString(file, "budget: {gpuTime: PT5H}\n" + ONE);
    engineFails = true;
    settle(watch);
    watch.look();
    assertThat(watch.state().problem()).contains("the engine refuses");
    engineFails = false;
    watch.look();
    assertThat(watch.state().problem()).isNull();
    Files.writeString(file, ONE);
    settle(watch);

    assertThat(budgets).containsExactly(Budget.gpuTime(Duration.ofHours(5)));
    assertThat(watch.state().problem()).isNull();
  }

  private DeploymentsFileWatch watch() {
    return new DeploymentsFileWatch(file, environment::get, this::deploy, budgets::add);
  }

  private void deploy(List<DeploymentSpec> specs) {
    if (engineFails) {
      throw new IllegalArgumentException("the engine refuses");
    }
    deployed.add(specs.stream().map(spec -> spec.name() + ":" + spec.port()).toList());
  }

  private static void settle(DeploymentsFileWatch watch) {
    watch.look();
    watch.look();
  }
}
