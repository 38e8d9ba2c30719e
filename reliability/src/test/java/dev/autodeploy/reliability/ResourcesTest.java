package dev.autodeploy.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The soak's look at what is held, with leaks put in on purpose. */
class ResourcesTest {
  private static final int LOOKS = 7;

  @Test
  void grown_whereNothingLeaks_isEmpty() throws Exception {
    assertThat(Resources.grown(looks(() -> {}))).isEmpty();
  }

  @Test
  void grown_whereThreadsLeak_saysSo() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    try {
      List<Resources> looks =
          looks(
              () -> {
                Thread thread = new Thread(() -> await(end), "leaked");
                thread.setDaemon(true);
                thread.start();
              });
      assertThat(Resources.grown(looks)).singleElement().asString().startsWith("threads ");
    } finally {
      end.countDown();
    }
  }

  @Test
  void grown_whereSocketsLeak_saysSo() throws Exception {
    List<ServerSocket> leaked = new ArrayList<>();
    try {
      List<Resources> looks = looks(() -> leaked.add(new ServerSocket(0)));
      assertThat(Resources.grown(looks))
          .hasSize(2)
          .anyMatch(what -> what.startsWith("open files "))
          .anyMatch(what -> what.startsWith("sockets "));
    } finally {
      for (ServerSocket socket : leaked) {
        socket.close();
      }
    }
  }

  @Test
  void grown_whereMemoryLeaks_saysSo() throws Exception {
    List<byte[]> leaked = new ArrayList<>();
    List<Resources> looks = looks(() -> leaked.add(new byte[4 << 20]));
    assertThat(Resources.grown(looks)).singleElement().asString().startsWith("bytes of heap ");
    assertThat(leaked).hasSize(LOOKS);
  }

  private static List<Resources> looks(Leak leak) throws Exception {
    List<Resources> looks = new ArrayList<>();
    for (int i = 0; i < LOOKS; i++) {
      leak.happen();
      looks.add(Resources.now(1));
    }
    return looks;
  }

  private static void await(CountDownLatch end) {
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Something that is not given back. */
  private interface Leak {
    void happen() throws Exception;
  }
}
