package dev.autodeploy.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrangersTest {
  private final Strangers strangers = new Strangers();

  /** A connection from an address, which is not really there. */
  private static final class From extends Socket {
    private final InetAddress address;

    From(String literal) throws UnknownHostException {
      address = InetAddress.getByName(literal);
    }

    @Override
    public InetAddress getInetAddress() {
      return address;
    }
  }

  private Socket add(String literal) throws UnknownHostException {
    Socket connection = new From(literal);
    assertThat(strangers.add(connection)).as("the one that goes for it").isNull();
    return connection;
  }

  @Test
  void add_ofAFewConnections_disconnectsNone() throws Exception {
    for (int i = 0; i < Strangers.MOST; i++) {
      add("192.0.2.1");
    }
    assertThat(strangers.add(new From("192.0.2.1"))).isNotNull();
  }

  @Test
  void add_whereThereAreTooMany_theOldestGoes_ofTheNetworkThatHasTheMost() throws Exception {
    Socket replica = add("198.51.100.1"); // the oldest of all
    List<Socket> flood = new ArrayList<>();
    for (int i = 1; i < Strangers.MOST; i++) {
      flood.add(add("192.0.2.1"));
    }
    Socket another = new From("198.51.100.2");

    assertThat(strangers.add(another)).isSameAs(flood.get(0));
    for (int i = 1; i < 100; i++) {
      Socket next = new From("192.0.2.1");
      flood.add(next);
      assertThat(strangers.add(next)).isSameAs(flood.get(i)).isNotIn(replica, another);
    }
  }

  @Test
  void add_fromManyAddressesOfOneNetworkOfIpv6_countsThemTogether() throws Exception {
    Socket replica = add("2001:db8:0:1::1");
    Socket first = add("2001:db8:0:2::1");
    for (int i = 2; i < Strangers.MOST; i++) {
      add("2001:db8:0:2::" + Integer.toHexString(i));
    }

    assertThat(strangers.add(new From("2001:db8:0:2:ffff::1")))
        .isSameAs(first)
        .isNotSameAs(replica);
  }

  @Test
  void add_fromManyAddressesOfThisMachine_countsThemTogether() throws Exception {
    Socket replica = add("192.0.2.1");
    Socket first = add("127.0.0.1");
    for (int i = 2; i < Strangers.MOST; i++) {
      add("127.0.0." + i);
    }

    assertThat(strangers.add(new From("::1"))).isSameAs(first).isNotSameAs(replica);
  }

  @Test
  void remove_makesRoom() throws Exception {
    Socket known = add("192.0.2.1");
    for (int i = 1; i < Strangers.MOST; i++) {
      add("192.0.2.1");
    }
    strangers.remove(known);

    add("192.0.2.1");
    strangers.remove(new From("192.0.2.1")); // which is none of them
    assertThat(strangers.add(new From("192.0.2.1"))).isNotNull();
  }
}
