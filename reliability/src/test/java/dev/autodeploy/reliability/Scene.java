package dev.autodeploy.reliability;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** The place of a fault: names of its own, a directory, a daemon, and what went wrong. */
final class Scene {
  /** The one that the Docker provider finds by itself. */
  private static final URI DEFAULT_DAEMON =
      URI.create(
          Objects.requireNonNullElse(System.getenv("DOCKER_HOST"), "unix:///var/run/docker.sock"));

  private static final Duration FOUND_WITHIN = Duration.ofSeconds(10);

  private final String id = UUID.randomUUID().toString().substring(0, 8);
  private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
  private final Path directory;
  private final List<String> failures = new ArrayList<>();
  private URI daemon = DEFAULT_DAEMON;

  Scene(Path directory) {
    this.directory = directory.resolve(id);
  }

  /** In the command line or the environment of every process that this scene starts. */
  String mark() {
    return "faults-" + id;
  }

  String owner(String name) {
    return "faults-" + id + "-" + name;
  }

  Path directory() {
    return directory;
  }

  RandomGenerator random() {
    return random;
  }

  URI daemon() {
    return daemon;
  }

  void useDaemon(URI value) {
    daemon = value;
  }

  /** Kills an instance, and not one of the children that send its streams. */
  void killOneProcess() {
    List<ProcessHandle> servers =
        Instances.processes(mark()).stream()
            .filter(process -> process.info().command().orElse("").endsWith("busybox"))
            .toList();
    List<ProcessHandle> running =
        servers.stream()
            .filter(process -> process.parent().filter(servers::contains).isEmpty())
            .toList();
    if (!running.isEmpty()) {
      running.get(random.nextInt(running.size())).destroyForcibly();
    }
  }

  void killOneContainer() {
    Instances.containers(daemon, owner("docker"), false)
        .forEach(name -> Instances.attempt(daemon, "kill", name));
  }

  /** Processes that were not found while the service ran would not be found when leaked either. */
  void expectProcess() {
    expectProcess(FOUND_WITHIN);
  }

  void expectProcess(Duration limit) {
    expect("process", limit, () -> !Instances.processes(mark()).isEmpty());
  }

  void expectContainer(String name) {
    expect(
        "container",
        FOUND_WITHIN,
        () -> !Instances.containers(daemon, owner(name), false).isEmpty());
  }

  private void expect(String what, Duration limit, BooleanSupplier found) {
    if (!Pause.until(limit, found)) {
      fail("no " + what + " is found while the service runs, so a leaked one would not be either");
    }
  }

  int leakedProcesses() {
    int leaked = Instances.leakedProcesses(mark(), Duration.ofSeconds(15));
    Resources.delete(Path.of("/tmp", mark()));
    return leaked;
  }

  /** With the engine closed nothing may be left, not even what has stopped. */
  int leakedContainers() {
    return Instances.leakedContainers(daemon, owner("docker"), true, Duration.ofSeconds(30));
  }

  void say(String line) {
    System.out.println(line);
  }

  void explain(Tally tally) {
    tally.details().forEach((what, times) -> say("    %6d x %s".formatted(times, what)));
  }

  /** Notes what the table's figures do not show. */
  void fail(String what) {
    say("    FAILED: " + what);
    failures.add(what);
  }

  List<String> failures() {
    return List.copyOf(failures);
  }
}
