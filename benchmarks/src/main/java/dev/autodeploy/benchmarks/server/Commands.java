package dev.autodeploy.benchmarks.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** The commands that the measuring process has for a server: one word in, one number out. */
final class Commands {
  private final Map<String, LongSupplier> commands = new HashMap<>();

  Commands() {
    on("heap", Commands::heap);
    on("threads", () -> ManagementFactory.getThreadMXBean().getThreadCount());
  }

  Commands on(String word, LongSupplier command) {
    commands.put(word, command);
    return this;
  }

  Commands onDo(String word, Runnable command) {
    return on(
        word,
        () -> {
          command.run();
          return 0;
        });
  }

  /** Serves until the other process ends. */
  void serve(int port) throws IOException {
    System.out.println(port);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
    for (String word = in.readLine(); word != null; word = in.readLine()) {
      LongSupplier command = commands.get(word);
      if (command == null) {
        throw new IOException("unknown command " + word);
      }
      System.out.println(command.getAsLong());
    }
  }

  /** The memory in use after the garbage has been collected. */
  private static long heap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
