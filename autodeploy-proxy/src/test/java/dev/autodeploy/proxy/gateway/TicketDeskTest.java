package dev.autodeploy.proxy.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TicketDeskTest {
  @TempDir Path directory;
  private TicketDesk desk;

  @BeforeEach
  void open() {
    desk = new TicketDesk(directory, Duration.ofHours(1), () -> 0);
  }

  @AfterEach
  void close() {
    desk.close();
  }

  private Ticket answered(String owner) {
    Ticket ticket = requireNonNull(desk.open(owner, "app", null, ""));
    ticket.complete(0);
    return ticket;
  }

  @Test
  void callerWithManyTickets_losesItsOwnAnswers_notThoseOfOthers() {
    Ticket other = answered("other");
    Ticket first = answered("greedy");
    for (int i = 0; i < 2000; i++) {
      answered("greedy");
    }

    assertThat(desk.find(other.id())).isSameAs(other);
    assertThat(desk.find(first.id())).isNull();
  }

  @Test
  void callerWhoseRequestsAreAllUnderWay_leavesRoomForOthers() {
    Ticket last = null;
    for (int i = 0; i < 1000; i++) {
      last = desk.open("greedy", "app", null, "");
    }

    assertThat(last).isNull();
    assertThat(desk.open("other", "app", null, "")).isNotNull();
  }

  @Test
  void requestsOfOneKey_haveOneTicket_thatOneOfThemBegins() {
    Ticket first = requireNonNull(desk.open("caller", "app", "key", ""));
    Ticket second = requireNonNull(desk.open("caller", "app", "key", ""));

    assertThat(second).isSameAs(first);
    assertThat(first.begin()).isTrue();
    assertThat(second.begin()).isFalse();
    desk.forgetKey(first);
    assertThat(desk.open("caller", "app", "key", "")).isNotSameAs(first);
  }

  @Test
  void fullDesk_dropsTheEldestAnswerOfWhoHasMost() {
    Ticket eldest = answered("few");
    Ticket dropped = answered("many");
    for (int i = 1; i < 499; i++) {
      answered("many");
    }
    for (int i = 0; i < 500; i++) {
      desk.open("busy" + i, "app", null, "");
    }

    assertThat(desk.open("new", "app", null, "")).isNotNull();

    assertThat(desk.find(eldest.id())).isSameAs(eldest);
    assertThat(desk.find(dropped.id())).isNull();
  }

  @Test
  void answerThatIsDeleted_isNotAnEmptyOne_andIsNotPutBack() throws IOException {
    Ticket ticket = answered("one");
    ticket.body().write(new byte[10]);
    desk.withdraw(ticket);
    desk.delete(ticket);
    desk.putBack(ticket);

    assertThatThrownBy(() -> ticket.body().open()).hasMessage("the answer was deleted");
    assertThat(desk.find(ticket.id())).isNull();
  }

  @Test
  void answersInFiles_haveAMaximum_whichDeletedOnesDoNotCountAgainst() throws IOException {
    SpoolDirectory files = new SpoolDirectory(directory, 200_000);
    Spool first = new Spool(files, 1_000_000);
    first.write(new byte[70_000]);
    first.write(new byte[50_000]);
    Spool second = new Spool(files, 1_000_000);
    second.write(new byte[60_000]); // in memory

    assertThatThrownBy(() -> second.write(new byte[50_000])).hasMessageContaining("200000");
    assertThat(files.isCrowded()).isTrue();
    first.delete();
    second.write(new byte[50_000]);
    second.close();
    second.delete();

    assertThat(files.isCrowded()).isFalse();
  }
}
