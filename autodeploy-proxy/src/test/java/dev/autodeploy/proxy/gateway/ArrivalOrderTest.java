package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ArrivalOrderTest {
  private final ArrivalOrder<Integer> order = new ArrivalOrder<>();
  private final List<ArrivalOrder.Entry<Integer>> entries = new ArrayList<>();

  private void add(int number) {
    for (int i = 0; i < number; i++) {
      entries.add(order.add(entries.size()));
    }
  }

  @Test
  void latest_comesFirst() {
    assertThat(order.latest(2)).isEmpty();
    add(3);
    assertThat(order.latest(2)).containsExactly(2, 1);
    assertThat(order.latest(9)).containsExactly(2, 1, 0);
  }

  @Test
  void removed_leavesTheOthersInOrder_whereverItWas() {
    add(5);
    for (int removed : new int[] {2, 4, 0}) { // between others, the latest, the first
      order.remove(entries.get(removed));
    }
    assertThat(order.latest(9)).containsExactly(3, 1);
    add(1);
    order.remove(entries.get(3));
    assertThat(order.latest(9)).containsExactly(5, 1);
    assertThat(order.size()).isEqualTo(2);
  }

  @Test
  void order_isThatOfAList_whateverIsAddedAndRemoved() {
    Random random = new Random(14);
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      if (expected.isEmpty() || random.nextInt(100) < 52) {
        expected.add(0, entries.size());
        add(1);
      } else {
        int at = random.nextInt(expected.size());
        order.remove(entries.get(expected.get(at)));
        expected.subList(at, at + 1).clear();
      }
      assertThat(order.latest(2_000)).isEqualTo(expected);
      assertThat(order.size()).isEqualTo(expected.size());
    }
  }
}
