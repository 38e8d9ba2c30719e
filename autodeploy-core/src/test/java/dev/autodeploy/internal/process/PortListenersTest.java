package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
final class PortListenersTest {
  private static final Set<ProcessId> US = Set.of(ProcessId.current());
  private static final byte[][] ADDRESSES = {
    {127, 0, 0, 1}, {0, 0, 0, 0}, new byte[16], mapped(127, 0, 0, 1)
  };

  @Test
  void requireHeldBy_findsTheHolderAtEveryAddressThatServesTheLoopback() throws Exception {
    for (byte[] address : ADDRESSES) {
      try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByAddress(address))) {
        PortListeners listeners = PortListeners.of(server.getLocalPort());

        assertThat(listeners.isEmpty()).isFalse();
        listeners.requireHeldBy(US);
        assertThatThrownBy(() -> listeners.requireHeldBy(Set.of()))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("held by process " + ProcessHandle.current().pid());
      }
    }
  }

  @Test
  void requireHeldBy_ofASocketWhoseHolderCannotBeTold_isRefused() throws Exception {
    // A socket that is under way from one process to another is open, and in nobody's hands.
    String script =
        "import array,socket,sys;s=socket.socket();s.bind(('127.0.0.1',0));s.listen();"
            + "p=s.getsockname()[1];a,b=socket.socketpair();"
            + "a.sendmsg([b'x'],[(socket.SOL_SOCKET,socket.SCM_RIGHTS,"
            + "array.array('i',[s.fileno()]))]);s.close();print(p,flush=True);sys.stdin.read()";
    Process process = new ProcessBuilder("python3", "-c", script).start();
    try {
      PortListeners listeners =
          PortListeners.of(Integer.parseInt(process.inputReader().readLine()));

      assertThat(listeners.isEmpty()).isFalse();
      assertThatThrownBy(() -> listeners.requireHeldBy(US))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("held by a process that cannot be told");
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void of_aPortOfAnotherAddress_isEmpty() throws Exception {
    try (ServerSocket server =
        new ServerSocket(0, 1, InetAddress.getByAddress(new byte[] {127, 0, 0, 2}))) {
      assertThat(PortListeners.of(server.getLocalPort()).isEmpty()).isTrue();
    }
  }

  @Test
  void of_anAcceptedConnection_isNoListener() throws Exception {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    int port = server.getLocalPort();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
        Socket accepted = server.accept()) {
      server.close();
      assertThat(accepted.isConnected() && client.isConnected()).isTrue();
      assertThat(PortListeners.of(port).isEmpty()).isTrue();
    }
  }

  private static byte[] mapped(int... ipv4) {
    byte[] address = new byte[16];
    address[10] = (byte) 0xff;
    address[11] = (byte) 0xff;
    for (int i = 0; i < 4; i++) {
      address[12 + i] = (byte) ipv4[i];
    }
    return address;
  }
}
