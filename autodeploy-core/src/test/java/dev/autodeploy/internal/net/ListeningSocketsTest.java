package dev.autodeploy.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.net.ListeningSockets.Ipv6;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No real sockets: which addresses are listened on, and which host is printed. */
final class ListeningSocketsTest {
  private final List<InetSocketAddress> open = new ArrayList<>();
  private final Set<String> taken = new HashSet<>();
  private int nextPort = 40_000;

  private InetSocketAddress listen(InetSocketAddress address) throws IOException {
    int port = address.getPort() == 0 ? nextPort++ : address.getPort();
    if (taken.contains(address.getAddress().getHostAddress() + " " + port)) {
      throw new BindException("Address already in use");
    }
    InetSocketAddress bound = new InetSocketAddress(address.getAddress(), port);
    open.add(bound);
    return bound;
  }

  private ListeningSockets<InetSocketAddress> open(String host, int port, Ipv6 ipv6)
      throws IOException {
    return ListeningSockets.open(
        new InetSocketAddress(InetAddress.getByName(host), port),
        this::listen,
        InetSocketAddress::getPort,
        open::remove,
        ipv6);
  }

  private List<String> hosts() {
    return open.stream().map(address -> address.getAddress().getHostAddress()).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, USABLE,   localhost,   127.0.0.1 0:0:0:0:0:0:0:1",
    "::1,       USABLE,   localhost,   0:0:0:0:0:0:0:1 127.0.0.1",
    "127.0.0.1, ABSENT,   localhost,   127.0.0.1",
    "127.0.0.1, UNUSABLE, 127.0.0.1,   127.0.0.1",
    "127.0.0.2, USABLE,   127.0.0.2,   127.0.0.2",
    "0.0.0.0,   USABLE,   localhost,   0.0.0.0",
    "0.0.0.0,   UNUSABLE, 127.0.0.1,   0.0.0.0",
    "192.0.2.7, USABLE,   192.0.2.7,   192.0.2.7",
    "2001:db8::7, USABLE, [2001:db8:0:0:0:0:0:7], 2001:db8:0:0:0:0:0:7",
  })
  void open_listensOnEveryAddressOfTheHostThatItPrints(
      String wanted, Ipv6 ipv6, String printed, String bound) throws IOException {
    ListeningSockets<InetSocketAddress> sockets = open(wanted, 8000, ipv6);

    assertThat(hosts()).containsExactly(bound.split(" "));
    assertThat(sockets.host()).isEqualTo(printed);
    assertThat(sockets.servers()).containsExactlyElementsOf(open);
  }

  @Test
  void open_ofAPortThatTheSystemChooses_isTheSameOnBoth() throws IOException {
    ListeningSockets<InetSocketAddress> sockets = open("127.0.0.1", 0, Ipv6.USABLE);

    assertThat(open).extracting(InetSocketAddress::getPort).containsExactly(40_000, 40_000);
    assertThat(sockets.port()).isEqualTo(40_000);
  }

  @Test
  void open_ofAPortThatIsTakenOnTheOther_choosesAgain() throws IOException {
    taken.add("0:0:0:0:0:0:0:1 40000");

    assertThat(open("127.0.0.1", 0, Ipv6.USABLE).port()).isEqualTo(40_001);
    assertThat(open).extracting(InetSocketAddress::getPort).containsExactly(40_001, 40_001);
  }

  @Test
  void open_whereTheOtherLoopbackIsTaken_failsAndLeavesNothingOpen() {
    taken.add("0:0:0:0:0:0:0:1 8000");

    assertThatThrownBy(() -> open("127.0.0.1", 8000, Ipv6.USABLE))
        .isInstanceOf(BindException.class)
        .hasMessageContaining("[::1]:8000")
        .hasMessageContaining("the other address of localhost");
    assertThat(open).isEmpty();
  }

  @Test
  void open_whereThePortIsTaken_saysWhere() {
    taken.add("127.0.0.1 8000");

    assertThatThrownBy(() -> open("127.0.0.1", 8000, Ipv6.USABLE))
        .hasMessageContaining("cannot listen on 127.0.0.1:8000 (Address already in use)")
        .hasMessageContaining("choose another one");
    assertThat(open).isEmpty();
  }
}
