package dev.autodeploy.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class MailboxTest {
  private final Mailbox here = new Mailbox();
  private final Mailbox there = new Mailbox();

  @Test
  void messages_arriveInOrder() {
    here.add(message(1));
    here.add(message(2));

    assertThat(ids(there.read(written(here)))).containsExactly(1, 2);
  }

  @Test
  void exchange_thatIsRepeated_hasNoEffect() {
    here.add(message(1));
    ObjectNode sent = written(here);

    assertThat(ids(there.read(sent))).containsExactly(1);
    assertThat(there.read(sent)).isEmpty();
  }

  @Test
  void message_isSentAgain_untilItIsAcknowledged() {
    here.add(message(1));
    written(here); // lost on the way
    here.add(message(2));
    assertThat(ids(there.read(written(here)))).containsExactly(1, 2);
    assertThat(here.hasMail()).isTrue();

    ObjectNode ack = WireJson.object();
    there.acknowledge(ack);
    here.read(ack);
    assertThat(here.hasMail()).isFalse();
  }

  @Test
  void longMessage_thatIsNotAcknowledged_isReplaced_andHoldsUpNothing() {
    here.add(message(1), 1 << 20, message(91));
    here.add(message(2));
    written(here); // which the other end could not read

    assertThat(ids(there.read(written(here)))).containsExactly(91, 2);

    here.add(message(3), 1 << 20, message(93));
    assertThat(ids(there.read(written(here)))).as("where it arrives").containsExactly(3);
  }

  @Test
  void longMessages_goOneAfterTheOther() {
    here.add(message(1), 6 << 20);
    here.add(message(2), 6 << 20);
    here.add(message(3), 48 << 20);

    for (int id = 1; id <= 3; id++) {
      assertThat(ids(there.read(written(here)))).containsExactly(id);
      ObjectNode ack = WireJson.object();
      there.acknowledge(ack);
      here.read(ack);
    }
    assertThat(here.hasMail()).isFalse();
  }

  @Test
  void message_thatComesTooEarly_isLeftForTheNextExchange() {
    here.add(message(1));
    ObjectNode first = written(here);
    ObjectNode later = first.deepCopy().put("first", 5);

    assertThat(there.read(later)).isEmpty();
    assertThat(ids(there.read(first))).containsExactly(1);
  }

  @Test
  void anyExchanges_lostAndRepeatedAndLate_deliverEachMessageOnceInOrder() {
    Random random = new Random(7);
    List<ObjectNode> network = new ArrayList<>();
    List<ObjectNode> back = new ArrayList<>();
    List<Integer> delivered = new ArrayList<>();
    int added = 0;
    while (delivered.size() < 3000) {
      switch (random.nextInt(5)) {
        case 0 -> here.add(message(++added));
        case 1 -> network.add(written(here));
        case 2 -> {
          if (!network.isEmpty()) { // each can come late, and more than once
            delivered.addAll(ids(there.read(network.get(random.nextInt(network.size())))));
          }
        }
        case 3 -> {
          ObjectNode ack = WireJson.object();
          there.acknowledge(ack);
          back.add(ack);
        }
        default -> {
          if (!back.isEmpty()) {
            here.read(back.get(random.nextInt(back.size())));
          }
          if (network.size() > 20) {
            network.remove(0);
          }
          if (back.size() > 20) {
            back.remove(0);
          }
        }
      }
    }
    for (int i = 0; i < delivered.size(); i++) {
      assertThat(delivered.get(i)).isEqualTo(i + 1);
    }
  }

  private static JsonNode message(int id) {
    return Mailbox.message("test").put("id", id);
  }

  private static ObjectNode written(Mailbox mailbox) {
    ObjectNode exchange = WireJson.object();
    mailbox.write(exchange);
    return exchange;
  }

  private static List<Integer> ids(List<JsonNode> messages) {
    return messages.stream().map(it -> it.path("id").asInt()).toList();
  }
}
