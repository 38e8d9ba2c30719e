package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MakingRoomTest {
  private record Client(long since, @Nullable InetAddress address) implements MakingRoom.Waiting {}

  private static List<Client> clients(long age, String... addresses) throws Exception {
    List<Client> clients = new ArrayList<>();
    for (String address : addresses) {
      clients.add(new Client(System.nanoTime() - age, InetAddress.getByName(address)));
    }
    return clients;
  }

  @Test
  void networkOfIpv6_isOneCaller() throws Exception {
    List<Client> all = clients(1, "2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:2::2");
    List<Client> sorted = new ArrayList<>(all);
    MakingRoom.sortByShare(sorted);

    assertThat(sorted).containsExactly(all.get(1), all.get(2), all.get(0));
  }

  @Test
  void onlyClientOfItsCaller_doesNotPayForAYoungerCrowd() throws Exception {
    List<Client> all = clients(10_000_000_000L, "192.0.2.1");
    all.addAll(clients(0, "192.0.2.9", "192.0.2.9", "192.0.2.9"));

    assertThat(MakingRoom.choose(all, 2, 2)).isEmpty();
  }

  @Test
  void oldestOfTheLargestCaller_areChosen() throws Exception {
    List<Client> all = clients(30_000_000_000L, "192.0.2.1");
    all.addAll(clients(20_000_000_000L, "192.0.2.9", "192.0.2.9"));
    all.addAll(clients(10_000_000_000L, "192.0.2.9"));

    assertThat(MakingRoom.choose(all, 2, 2)).containsExactly(all.get(1), all.get(2));
  }

  @Test
  void oldest_areChosen_inWhateverOrderTheyAre() throws Exception {
    List<Client> all = clients(10_000_000_000L, "192.0.2.9");
    all.addAll(clients(30_000_000_000L, "192.0.2.9"));
    all.addAll(clients(20_000_000_000L, "192.0.2.9"));

    assertThat(MakingRoom.choose(all, 2, 2)).containsExactly(all.get(1), all.get(2));
    assertThat(MakingRoom.choose(all, 9, 2)).containsExactly(all.get(1), all.get(2), all.get(0));
  }

  @Test
  void clientsWithoutAnAddress_comeLast() throws Exception {
    List<Client> all = clients(20_000_000_000L, "192.0.2.1", "192.0.2.9", "192.0.2.9");
    all.add(0, new Client(System.nanoTime() - 30_000_000_000L, null));
    List<Client> sorted = new ArrayList<>(all);
    MakingRoom.sortByShare(sorted);

    assertThat(sorted).containsExactly(all.get(2), all.get(3), all.get(1), all.get(0));
  }

  @Test
  void farTooMany_areSparedForAShorterMoment() throws Exception {
    List<Client> all = clients(150_000_000L, "192.0.2.1", "192.0.2.1", "192.0.2.1");

    assertThat(MakingRoom.choose(all, 3, 2)).hasSize(3);
  }
}
