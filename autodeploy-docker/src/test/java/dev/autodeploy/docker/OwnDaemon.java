package dev.autodeploy.docker;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A daemon of the test's own, which it may stop, kill and freeze. It has a bridge of its own: one
 * without would delete that of the other daemon. It leaves the machine's packet filter alone, so
 * that what it publishes is reached through its proxies.
 */
public final class OwnDaemon implements AutoCloseable {
  /** Of this process alone: another one may be running the same tests. */
  private static final long PID = ProcessHandle.current().pid();

  /**
   * The network of instances: without rules of iptables none keeps them apart. After a kill the
   * interface of a container that has ended stays on one that is made, with the address that the
   * next container gets there.
   */
  public static final String KEPT = "bridge";

  private static final String BRIDGE = "adt" + PID;
  private static final String NETWORK =
      "172.30." + PID % 250 + "." + (PID / 250 % 15 * 16 + 1) + "/28";
  private final Path directory;
  private final List<String> options;
  private final List<String> prefix;
  private final String path;
  private Process process;

  private OwnDaemon(Path directory, String path, List<String> prefix, List<String> options) {
    this.directory = directory;
    this.path = path;
    this.prefix = prefix;
    this.options = options;
  }

  /**
   * Starts a daemon, or skips the test where that is not possible.
   *
   * @param options more of the daemon's options
   * @return the daemon
   */
  public static OwnDaemon start(String... options) {
    return startOn(System.getenv("PATH"), options);
  }

  static OwnDaemon startOn(String path, String... options) {
    return start(path, List.of(), 0, options);
  }

  /** Starts a daemon that lacks a right of root's, as a rootless one does. */
  static OwnDaemon startWithout(String capability, String... options) {
    Programs.require("setpriv");
    List<String> prefix = List.of("setpriv", "--bounding-set", "-" + capability);
    return start(System.getenv("PATH"), prefix, 0, options);
  }

  /**
   * Starts a daemon whose data are on a disk of this size.
   *
   * @param megabytes the size
   * @return the daemon
   */
  public static OwnDaemon startOnDiskOf(int megabytes) {
    return start(System.getenv("PATH"), List.of(), megabytes);
  }

  private static OwnDaemon start(
      String path, List<String> prefix, int diskMegabytes, String... options) {
    TestDaemon.require();
    boolean possible =
        "root".equals(System.getProperty("user.name"))
            && runs("sh", "-c", "command -v dockerd && command -v ip");
    if (!possible) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI needs to be root, with dockerd and ip");
      }
      abort("a daemon of the test's own needs root, dockerd and ip");
    }
    try {
      runs("ip", "link", "add", BRIDGE, "type", "bridge");
      runs("ip", "addr", "add", NETWORK, "dev", BRIDGE);
      runs("ip", "link", "set", BRIDGE, "up");
      OwnDaemon daemon =
          new OwnDaemon(Files.createTempDirectory("own-daemon"), path, prefix, List.of(options));
      if (diskMegabytes > 0) {
        daemon.mountDisk(diskMegabytes);
      }
      daemon.launch();
      try (DaemonClient client = daemon.client()) {
        TestImages.make(client);
      }
      return daemon;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void mountDisk(int megabytes) throws IOException {
    Path data = Files.createDirectory(dataDirectory());
    if (!runs("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", data.toString())) {
      throw new AssertionError("no small disk can be mounted");
    }
  }

  /** Writes to the daemon's disk until nothing more goes onto it. */
  void fillDisk() {
    byte[] piece = new byte[1 << 12];
    try (OutputStream out = Files.newOutputStream(dataDirectory().resolve("fill"))) {
      while (true) {
        out.write(piece);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left")) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Returns where the daemon is reached.
   *
   * @return its address
   */
  public URI uri() {
    return URI.create("unix://" + directory.resolve("docker.sock"));
  }

  /**
   * Returns where the daemon keeps images and containers.
   *
   * @return the directory
   */
  public Path dataDirectory() {
    return directory.resolve("data");
  }

  DaemonClient client() {
    return DaemonClient.connect(DaemonAddress.of(uri(), null), Duration.ofSeconds(10));
  }

  /** Starts the daemon again, on the same data; returns when it answers. */
  public void launch() {
    List<String> line = new ArrayList<>(prefix);
    line.add("dockerd");
    line.addAll(
        List.of(
            "--host",
            uri().toString(),
            "--data-root",
            dataDirectory().toString(),
            "--exec-root",
            directory.resolve("exec").toString(),
            "--pidfile",
            directory.resolve("pid").toString(),
            "--bridge",
            BRIDGE,
            // A daemon that starts makes its chains anew, without the other one's ports in them.
            "--iptables=false"));
    line.addAll(options);
    try {
      ProcessBuilder builder =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("log").toFile()));
      builder.environment().put("PATH", path);
      Files.deleteIfExists(directory.resolve("pid"));
      // Where nobody reaps orphans, the killed daemon's containerd looks as if it were running.
      Files.deleteIfExists(directory.resolve("exec/containerd/containerd.pid"));
      process = builder.start();
      Process launched = process;
      Runtime.getRuntime().addShutdownHook(new Thread(launched::destroyForcibly));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ProviderFixture.await(Duration.ofSeconds(60), this::answers);
  }

  private boolean answers() {
    if (!process.isAlive()) {
      throw new AssertionError("the daemon ended: " + log());
    }
    try {
      client().close();
      return true;
    } catch (DockerDaemonException e) {
      return false;
    }
  }

  private String log() {
    try {
      List<String> lines = Files.readAllLines(directory.resolve("log"));
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops the daemon where it is, with its sockets open. */
  public void freeze() {
    if (!signal("STOP")) {
      throw new AssertionError("the daemon cannot be frozen");
    }
  }

  /** Lets a frozen daemon go on. */
  public void thaw() {
    signal("CONT");
  }

  /** Ends the daemon as {@code kill -9} does. */
  public void kill() {
    process.destroyForcibly();
    await();
  }

  /** Ends the daemon as an administrator does. */
  public void stop() {
    process.destroy();
    await();
  }

  private void await() {
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        throw new AssertionError("the daemon does not end");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private boolean signal(String name) {
    return runs("kill", "-" + name, String.valueOf(process.pid()));
  }

  @Override
  public void close() {
    thaw();
    if (!process.isAlive()) {
      launch();
    }
    try (DaemonClient client = client()) {
      client.list(java.util.Map.of()).forEach(c -> left(() -> client.remove(c.getId())));
      client.networks().stream()
          .filter(network -> Holders.isUserDefined(network.getName()))
          .forEach(network -> left(() -> client.removeNetwork(network.getId())));
    }
    stop();
    runs("ip", "link", "del", BRIDGE);
    runs("umount", directory.resolve("data").toString());
    runs("rm", "-rf", directory.toString());
  }

  /** A daemon that was ended under a container may not be able to delete its files any more. */
  private static void left(Runnable removal) {
    try {
      removal.run();
    } catch (DockerDaemonException e) {
      System.err.println("left to the end of the daemon: " + e.getMessage());
    }
  }

  private static boolean runs(String... line) {
    try {
      Process started =
          new ProcessBuilder(line)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return started.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
