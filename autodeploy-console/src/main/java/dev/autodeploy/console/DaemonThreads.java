package dev.autodeploy.console;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes threads that are named {@code autodeploy-<role>-<n>} and do not keep the JVM alive. */
final class DaemonThreads {

  private DaemonThreads() {}

  static ThreadFactory named(String role) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, "autodeploy-" + role + "-" + number.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }
}
