package dev.autodeploy.proxy.jdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs in JVMs of its own, as the server reads its properties once. */
final class ServerSelfTestTest {

  /** The program of the other JVM. */
  static final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
      if (arguments[0].equals("late")) {
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).stop(0);
      }
      ServerSelfTest result = ServerSelfTest.result();
      System.out.println(
          "late="
              + result.propertiesLate()
              + " nodelay="
              + System.getProperty("sun.net.httpserver.nodelay")
              + " headers="
              + System.getProperty("sun.net.httpserver.maxReqHeaders"));
    }
  }

  private static String run(String argument, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), argument));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return said;
  }

  @Test
  void properties_areSetBeforeTheServerReadsThem() throws Exception {
    assertThat(run("first"))
        .contains("late=false nodelay=true headers=190")
        .doesNotContain("was in use before");
  }

  @Test
  void properties_ofTheHostApplication_stay() throws Exception {
    assertThat(
            run(
                "first",
                "-Dsun.net.httpserver.nodelay=false",
                "-Dsun.net.httpserver.maxReqHeaders=500"))
        .contains("late=false nodelay=false headers=500");
  }

  @Test
  void properties_thatCameTooLate_areReported() throws Exception {
    assertThat(run("late"))
        .contains("late=true")
        .contains("was in use before the proxy could set [sun.net.httpserver.nodelay");
  }

  @Test
  void serverThatIsTooBusyToShowWhatItDoes_isNoSafeOne() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () -> ServerSelfTest.send(silent.getInetAddress(), silent.getLocalPort(), "GET", 50))
          .isInstanceOf(SocketTimeoutException.class);
    }
  }
}
