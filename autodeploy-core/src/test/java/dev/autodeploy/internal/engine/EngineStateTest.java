package dev.autodeploy.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.event.DeploymentEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The tests of what the engine saves of its deployments, and when. */
final class EngineStateTest {
  private final EngineHarness h = new EngineHarness();

  @Test
  void change_ofOneDeployment_savesThatOneOnly() {
    h.start();
    h.engine.deployAll(List.of(spec("a", 1), spec("b", 1), spec("c", 1)));
    h.store.changes.clear();

    h.engine.deploy(spec("d", 1));
    h.engine.update(spec("b", 2));
    h.engine.deploy(spec("c", 2));
    h.engine.deploy(spec("a", 1)); // nothing changes
    h.engine.remove("a");

    assertThat(h.store.changes).containsExactly("d", "b", "c", "-a");
  }

  @Test
  void deployAll_savesTogetherWhatIsNewOrChanged() {
    h.start();
    h.engine.deployAll(List.of(spec("a", 1), spec("b", 1)));
    h.store.changes.clear();

    List<Deployment> deployed =
        h.engine.deployAll(List.of(spec("c", 1), spec("b", 2), spec("a", 1), spec("d", 1)));
    h.time.run();

    assertThat(h.store.changes).containsExactly("c b d");
    assertThat(deployed).extracting(Deployment::name).containsExactly("c", "b", "a", "d");
    assertThat(deployed.get(1).spec().port()).isEqualTo(2);
    assertThat(h.engine.deployments())
        .extracting(Deployment::name)
        .containsExactly("a", "b", "c", "d");
    assertThat(h.events(DeploymentEvent.Created.class)).hasSize(4);
  }

  @Test
  void deployAll_ofMany_savesThemInGroups() {
    h.start();
    List<DeploymentSpec> specs = IntStream.range(0, 250).mapToObj(i -> spec("d-" + i, 1)).toList();

    assertThat(h.engine.deployAll(specs)).hasSize(250);

    assertThat(h.store.changes).hasSize(3);
    assertThat(h.engine.deployments()).extracting(Deployment::spec).isEqualTo(specs);
    assertThat(h.store.names()).hasSize(250);
  }

  @Test
  void deployAll_withANameTwiceOrOneThatIsRefused_makesNone() {
    h.start();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> h.engine.deployAll(List.of(spec("a", 1), spec("b", 1), spec("a", 2))))
        .withMessageContaining("two specifications are named 'a'");

    assertThat(h.engine.deployments()).isEmpty();
    assertThat(h.store.changes).isEmpty();
    assertThat(h.engine.deployAll(List.of())).isEmpty();
  }

  @Test
  void deployAll_keepsTheMinimumOfEach() {
    h.start();
    List<Deployment> deployed =
        h.engine.deployAll(
            List.of(
                spec("a", 1).toBuilder().minInstances(1).build(),
                spec("b", 1),
                spec("c", 1).toBuilder().minInstances(1).build()));
    h.time.run();

    assertThat(deployed).map(it -> it.status().instances().size()).containsExactly(1, 0, 1);
  }

  @Test
  void change_thatFailedButWasSaved_isUndoneBeforeTheNextOne() {
    h.start();
    h.engine.deployAll(List.of(spec("a", 1), spec("b", 1), spec("c", 1)));
    failAfter("new", () -> h.engine.deploy(spec("new", 1)));
    failAfter("a", () -> h.engine.update(spec("a", 2)));
    failAfter("b", () -> h.engine.remove("b"));
    assertThat(h.store.names()).containsExactly("a", "c"); // the last one is not made up for yet
    h.store.changes.clear();

    h.engine.deploy(spec("d", 1));

    assertThat(h.store.names()).containsExactlyInAnyOrder("a", "b", "c", "d");
    assertThat(h.store.load().deployments().get(0).spec().port()).isEqualTo(1);
    assertThat(h.engine.deployments())
        .extracting(Deployment::name)
        .containsExactly("a", "b", "c", "d");
  }

  @Test
  void change_thatFailedAndCannotBeUndone_refusesTheNextOne() {
    h.start();
    h.store.afterSave = names -> fail();
    assertThatThrownBy(() -> h.engine.deploy(spec("a", 1))).isInstanceOf(AutoDeployException.class);
    assertThatThrownBy(() -> h.engine.deploy(spec("b", 1))).isInstanceOf(AutoDeployException.class);
    assertThat(h.engine.deployments()).isEmpty();

    h.store.afterSave = EngineStateTest::succeed;
    h.engine.deploy(spec("c", 1));

    assertThat(h.store.names()).containsExactly("c");
  }

  @Test
  void restart_findsAllAgainInTheirOrder() {
    h.start();
    List<DeploymentSpec> specs = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      specs.add(spec("d-" + (9 - i), 1));
      h.engine.deploy(specs.get(i));
    }
    specs.set(2, spec("d-7", 2));
    h.engine.update(specs.get(2));

    EngineHarness next = new EngineHarness(h).start();

    assertThat(next.engine.deployments()).extracting(Deployment::spec).isEqualTo(specs);
    assertThat(next.engine.owner()).isEqualTo(h.engine.owner());
  }

  @Test
  void deployment_ofAnUnknownName_namesAFewOfThoseThatThereAre() {
    h.start();
    h.engine.deployAll(IntStream.range(0, 30).mapToObj(i -> spec("d-" + i, 1)).toList());

    assertThatThrownBy(() -> h.engine.deployment("nobody"))
        .hasMessageContaining("there are [d-0, d-1, ")
        .hasMessageEndingWith("d-19, and 10 more]");
  }

  /** Makes the store fail after it has written. */
  private void failAfter(String names, Runnable change) {
    h.store.afterSave =
        written -> {
          if (written.equals(names)) {
            h.store.afterSave = EngineStateTest::succeed;
            fail();
          }
        };
    assertThatThrownBy(change::run).isInstanceOf(AutoDeployException.class);
    h.store.afterSave = EngineStateTest::succeed;
  }

  private static void succeed(String names) {}

  private static void fail() {
    throw new AutoDeployException(ErrorCode.STATE_FAILED, null, "the disk is full");
  }

  private static DeploymentSpec spec(String name, int port) {
    return DeploymentSpec.builder(name).port(port).build();
  }
}
