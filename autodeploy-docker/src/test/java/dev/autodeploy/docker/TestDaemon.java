package dev.autodeploy.docker;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** The real daemon that the tests use, with the images that they start. */
final class TestDaemon {
  /** Serves "ok" on port 8080; has a shell and a few tools. */
  static final String WEB = "autodeploy/test:1";

  /** The same with an nvidia-smi that lists two GPUs. */
  static final String GPU = "autodeploy/test-gpu:1";

  /** Serves on port 8080 and has nothing but the server: no shell. */
  static final String BARE = "autodeploy/test-bare:1";

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static boolean ready;

  private TestDaemon() {}

  /**
   * Makes sure that there is a daemon with the test images. Without one the test is skipped on a
   * developer's machine and fails in CI.
   */
  static void require() {
    LOCK.lock();
    try {
      if (ready) {
        return;
      }
      MachineLock lock = MachineLock.take("images");
      try (lock;
          DaemonClient client = client()) {
        TestImages.make(client);
      }
      ready = true;
    } catch (RuntimeException e) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs a Docker daemon: .ci/docker-engine starts one", e);
      }
      abort("no Docker daemon for this test: " + e.getMessage());
    } finally {
      LOCK.unlock();
    }
  }

  /** Skips the test on a daemon that is not at the usual socket of this machine. */
  static void requireLocal() {
    try (DaemonClient client = client()) {
      assumeTrue(client.address().toString().endsWith("/run/docker.sock"), "another daemon");
    }
  }

  static DaemonClient client() {
    return DaemonClient.connect(
        DaemonAddress.from(DockerEnvironment.ofProcess()), Duration.ofSeconds(25));
  }

  /** Removes every container that bears labels of an owner; returns how many there were. */
  static int removeAll(String owner) {
    try (DaemonClient client = client()) {
      List<com.github.dockerjava.api.model.Container> left =
          client.list(java.util.Map.of(Labels.OWNER, owner));
      left.forEach(container -> client.remove(container.getId()));
      return left.size();
    }
  }
}
