package dev.autodeploy.proxy.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.autodeploy.proxy.contract.TestInstance;
import dev.autodeploy.proxy.contract.TestLink;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A link in a process of its own, whose requests are all held. It prints its port; then it reads
 * how many requests come, and prints the bytes on its heap while they are held.
 */
public final class HeldHeapMain {
  private static final int ROOM = 10_000;

  private HeldHeapMain() {}

  public static void main(String[] arguments) throws Exception {
    try (TestLink link =
        new TestLink(
            TestInstance.App.text("x"),
            spec -> spec.maxPending(ROOM),
            engine -> NettyFront.of(engine).maxPendingTotal(ROOM))) {
      link.provider.gate = new CompletableFuture<>();
      System.out.println(link.port);
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, US_ASCII));
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        int number = Integer.parseInt(line);
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5); // for a slow machine
        while (link.proxy.held() < number && System.nanoTime() - deadline < 0) {
          TimeUnit.MILLISECONDS.sleep(10);
        }
        if (link.proxy.held() < number) {
          throw new IllegalStateException("only " + link.proxy.held() + " are held");
        }
        System.out.println(usedHeap());
      }
    }
  }

  private static long usedHeap() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    for (int i = 0; i < 3; i++) { // what the first one finds unused may keep something else
      memory.gc();
    }
    return memory.getHeapMemoryUsage().getUsed();
  }

  static Process start() throws Exception {
    return new ProcessBuilder(
            System.getProperty("java.home") + "/bin/java",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UseTLAB", // what a thread has taken for its next objects would count as used
            "-Xmx256m",
            "-cp",
            System.getProperty("java.class.path"),
            HeldHeapMain.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
