package dev.autodeploy.internal.decision;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.GpuRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arbiter is told what is wanted when that changes, and only then. */
final class RoomDemandTest {
  private static final GpuRequest ONE = GpuRequest.count(1);

  private final Outbox outbox = new Outbox("voice");
  private final RoomDemand demand = new RoomDemand(outbox);

  private List<Effect> told() {
    List<Effect> effects = List.copyOf(outbox.effects());
    outbox.effects().clear();
    return effects;
  }

  @Test
  void want_ofTheSame_isToldOnce() {
    demand.want(ONE, 0, 2, null);
    assertThat(told()).containsExactly(new Effect.Want(ONE, 2, 0));
    assertThat(demand.isWanted()).isTrue();

    demand.want(ONE, 0, 2, null);
    assertThat(told()).isEmpty();
  }

  @Test
  void want_ofOtherGpus_orAnotherNumber_isTold() {
    demand.want(ONE, 0, 1, null);
    demand.want(GpuRequest.ids("3"), 0, 1, null);
    demand.want(GpuRequest.ids("3"), 0, 2, null);

    assertThat(told())
        .containsExactly(
            new Effect.Want(ONE, 1, 0),
            new Effect.Want(GpuRequest.ids("3"), 1, 0),
            new Effect.Want(GpuRequest.ids("3"), 2, 0));
  }

  @Test
  void want_ofNothing_isNotTold_whateverTheGpus() {
    demand.want(ONE, 0, 0, null);
    demand.want(GpuRequest.ids("3"), 0, 0, null);

    assertThat(told()).isEmpty();
    assertThat(demand.isWanted()).isFalse();
  }

  @Test
  void want_ofNothingAnyLonger_isTold() {
    demand.want(ONE, 0, 1, null);
    demand.want(ONE, 0, 0, null);

    assertThat(told()).containsExactly(new Effect.Want(ONE, 1, 0), new Effect.Want(ONE, 0, 0));
    assertThat(demand.isWanted()).isFalse();
  }

  @Test
  void want_ofAnotherInstanceToWake_isTold() {
    Room asleep = new Room(7, 1, ONE, List.of("0"));
    demand.want(ONE, 0, 1, null);
    demand.want(ONE, 0, 1, asleep);
    demand.want(ONE, 0, 1, asleep);

    assertThat(told())
        .containsExactly(new Effect.Want(ONE, 1, 0), new Effect.Want(ONE, 1, 0, asleep, 0));
    assertThat(demand.asleep()).isSameAs(asleep);
    demand.want(ONE, 0, 0, asleep);
    assertThat(demand.asleep()).isNull();
  }

  @Test
  void received_isToldWithTheNextWant_evenIfThatIsTheSame() {
    demand.want(ONE, 0, 1, null);
    demand.received();
    told();

    demand.want(ONE, 0, 1, null);

    assertThat(told()).containsExactly(new Effect.Want(ONE, 1, 1));
    demand.want(ONE, 0, 1, null);
    assertThat(told()).isEmpty();
  }
}
