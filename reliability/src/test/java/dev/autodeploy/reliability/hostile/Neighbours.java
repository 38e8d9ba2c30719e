package dev.autodeploy.reliability.hostile;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.internal.files.OtherUser;
import dev.autodeploy.spi.ReadinessProbe;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Another user of the machine, who is one: without any right but that to be there. */
final class Neighbours {
  private static final String ROLE = "another local user";
  private static final String SECRET = "a-token-that-nobody-else-may-see";
  private static final String CALL =
      Wire.head("POST /d/app/", "Authorization: Bearer " + SECRET + "\r\nContent-Length: 4\r\n")
          + "\r\nbody";

  private Neighbours() {}

  static void addTo(Map<String, Attack> attacks) {
    attacks.put(
        "planted-link",
        new Attack(
            ROLE,
            "a symbolic link where the registry of processes will be",
            ground -> plantedLink(ground, Neighbours::makeAndWrite),
            ground -> plantedLink(ground, path -> engineOn(ground, path))));
    attacks.put(
        "lock-link",
        new Attack(
            ROLE,
            "the lock directory made first, with a link to a file of the victim's as its lock",
            ground -> lockLink(ground, Neighbours::writeLock),
            ground -> lockLink(ground, path -> dockerOn(ground, path))));
    attacks.put(
        "lock-held",
        new Attack(
            ROLE,
            "a read lock on the lock file, for ever",
            ground -> lockHeld(ground, true),
            ground -> lockHeld(ground, false)));
    attacks.put(
        "port-taken",
        new Attack(
            ROLE,
            "takes the port of an instance that still loads, for the first caller's token",
            ground -> portTaken(ground, Neighbours::naiveService),
            ground -> portTaken(ground, Neighbours::loadingService)));
    attacks.put(
        "other-loopback",
        new Attack(
            ROLE,
            "serves at [::1] what is printed as localhost",
            ground -> otherLoopback(ground, ground.plainServer(1).getAddress().getPort()),
            ground ->
                otherLoopback(ground, Victim.start(ground, Victim.SERVED).warm().proxy.port())));
    attacks.put(
        "foreign-state",
        new Attack(
            ROLE,
            "a state directory made first, with a deployment that runs a command",
            ground -> foreignState(ground, false),
            ground -> foreignState(ground, true)));
  }

  /** The act of somebody with a path. */
  @FunctionalInterface
  private interface Use {
    void of(Path path) throws Exception;
  }

  private static @Nullable String plantedLink(Ground ground, Use use) throws Exception {
    Path target = Files.createDirectory(ground.directory().resolve("of-the-victim"));
    Path link = ground.everybodys().resolve("registry");
    OtherUser.run("ln -s '" + target + "' '" + link + "'");
    attempt(link, use);
    try (Stream<Path> files = Files.list(target)) {
      List<Path> made = files.toList();
      return made.isEmpty() ? null : "written where the link leads: " + made;
    }
  }

  private static void makeAndWrite(Path path) throws IOException {
    Files.createDirectories(path);
    Files.writeString(path.resolve("registry"), "1");
  }

  private static void engineOn(Ground ground, Path path) {
    ground.engine(LocalProcessProvider.builder().directory(path).build());
  }

  private static @Nullable String lockLink(Ground ground, Use use) throws Exception {
    // The name is no secret: whoever uses the same daemon with the same owner sees it.
    Path own = ground.directory().resolve("own-locks");
    dockerOn(ground, own);
    String name;
    try (Stream<Path> files = Files.list(own)) {
      name = files.findFirst().orElseThrow().getFileName().toString();
    }
    ground.close();
    Path victims = Files.writeString(ground.directory().resolve("precious"), "precious");
    Path locks = ground.everybodys().resolve("locks");
    OtherUser.run(
        "mkdir -m 777 '%1$s' && ln -s '%2$s' '%1$s/%3$s'".formatted(locks, victims, name));
    attempt(locks.resolve(name), use);
    String now = Files.readString(victims);
    return now.equals("precious") ? null : "overwritten: " + now;
  }

  private static void writeLock(Path file) throws IOException {
    Files.writeString(file, Long.toString(ProcessHandle.current().pid()));
  }

  private static void dockerOn(Ground ground, Path path) {
    Path directory = path.toString().endsWith(".lock") ? path.getParent() : path;
    ground.engine(DockerInstanceProvider.builder().lockDirectory(directory).build());
  }

  /** Of the lock file that an engine leaves behind, or of one that others may read. */
  private static @Nullable String lockHeld(Ground ground, boolean readable) throws Exception {
    Path locks = ground.directory().resolve("locks");
    dockerOn(ground, locks);
    Path file;
    try (Stream<Path> files = Files.list(locks)) {
      file = files.findFirst().orElseThrow();
    }
    ground.close();
    if (readable) {
      Files.setPosixFilePermissions(locks, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
    Process attacker =
        ground.keep(
            OtherUser.start(
                "exec %s '%s' '%s'".formatted(EvilServer.java(), Holder.class.getName(), file)));
    String said = attacker.inputReader().readLine();
    try {
      dockerOn(ground, locks);
      return null;
    } catch (RuntimeException e) {
      return said + "; no engine any more: " + e.getMessage();
    }
  }

  /** Holds a read lock on a file for as long as it lives. */
  public static final class Holder {
    private Holder() {}

    public static void main(String[] arguments) throws Exception {
      try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.READ);
          FileLock lock = channel.lock(0, Long.MAX_VALUE, true)) {
        System.out.println("held: " + lock.isValid());
        System.in.read();
        Thread.sleep(60_000);
      } catch (IOException e) {
        System.out.println("not held: " + e);
      }
    }
  }

  /** A caller's request to a service on this port, whose loading the file shows. */
  @FunctionalInterface
  private interface Service {
    void call(Ground ground, int port, Path loads) throws Exception;
  }

  private static @Nullable String portTaken(Ground ground, Service service) throws Exception {
    int port = Ground.freePort();
    Path everybodys = ground.everybodys();
    Path loads = ground.directory().resolve("loads");
    Path taken = everybodys.resolve("taken");
    Path answer = everybodys.resolve("answer");
    OtherUser.run("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nstole' >" + answer);
    ground.keep(
        OtherUser.start(
            "until [ -e '%s' ]; do sleep 0.05; done; %s >'%s' 2>&1"
                .formatted(loads, EvilServer.command("127.0.0.1", "" + port, answer), taken)));

    service.call(ground, port, loads);

    String got = Files.exists(taken) ? Files.readString(taken) : "";
    if (!got.contains("listening")) {
      throw new AssertionError("the attacker did not get the port: " + got);
    }
    return got.contains(SECRET) ? "the attacker got " + got : null;
  }

  /** As one would write it: a service is ready when its port accepts connections. */
  private static void naiveService(Ground ground, int port, Path loads) throws Exception {
    Files.createFile(loads);
    Ground.within(Duration.ofSeconds(20), () -> accepts(port));
    Wire.ask(port, CALL, Victim.LIMIT);
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket(Ground.loopback(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static void loadingService(Ground ground, int port, Path loads) throws Exception {
    Victim victim =
        Victim.start(
            ground,
            DeploymentSpec.builder("app")
                .port(port)
                .readiness(ReadinessProbe.tcp())
                .startTimeout(Duration.ofSeconds(8))
                .startCommand("touch '" + loads + "'; exec sleep 60")
                .build(),
            proxy -> proxy.maxWait(Duration.ofSeconds(10)));
    String got = Wire.ask(victim.proxy.port(), CALL, Duration.ofSeconds(15));
    if (!got.startsWith("HTTP/1.1 50")) {
      throw new AssertionError("the caller was told: " + got);
    }
    // The attacker may just have begun to listen.
    Ground.within(Duration.ofSeconds(5), () -> accepts(port));
  }

  private static @Nullable String otherLoopback(Ground ground, int port) throws Exception {
    Path answer = ground.everybodys().resolve("answer");
    OtherUser.run("printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nstole' >" + answer);
    Process attacker = ground.keep(OtherUser.start(EvilServer.command("::1", "" + port, answer)));
    String said = attacker.inputReader().readLine();
    for (InetAddress address :
        List.of(InetAddress.getByName("::1"), InetAddress.getByName("127.0.0.1"))) {
      try (Socket socket = Wire.send(address, port, Wire.head("GET /d/app/", "") + "\r\n")) {
        socket.setSoTimeout((int) Victim.LIMIT.toMillis());
        if (new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)
            .endsWith("stole")) {
          return "the attacker answers at " + address;
        }
      } catch (IOException e) {
        // Nobody answers there, which harms nobody.
      }
    }
    if (said == null || !said.contains("Exception")) {
      throw new AssertionError("the attacker was not refused the port: " + said);
    }
    return null;
  }

  /** A state whose command makes a file as soon as it is loaded. */
  private static @Nullable String foreignState(Ground ground, boolean foreign) throws Exception {
    Path state = ground.directory().resolve("state");
    Path ran = ground.directory().resolve("ran");
    try (AutoDeploy engine = stateful(ground, state)) {
      engine.deploy(
          DeploymentSpec.builder("evil")
              .port(0)
              .minInstances(1)
              .startCommand("touch '" + ran + "'; exec sleep 60")
              .build());
      if (!Ground.within(Duration.ofSeconds(10), () -> Files.exists(ran))) {
        throw new AssertionError("the command does not run anyway");
      }
    }
    Path planted = ground.everybodys().resolve("state");
    run("cp", "-r", state.toString(), planted.toString());
    if (foreign) {
      run("chown", "-R", OtherUser.UID + ":" + OtherUser.UID, planted.toString());
    }
    Files.delete(ran);
    try (AutoDeploy engine = stateful(ground, planted)) {
      Ground.within(Duration.ofSeconds(5), () -> Files.exists(ran));
      return Files.exists(ran) ? "its command ran" : "it was taken: " + engine.deployments();
    } catch (RuntimeException e) {
      return Files.exists(ran) ? "its command ran" : null;
    }
  }

  private static AutoDeploy stateful(Ground ground, Path state) {
    return AutoDeploy.builder()
        .provider(
            LocalProcessProvider.builder()
                .directory(ground.directory().resolve("registry"))
                .build())
        .stateDirectory(state)
        .drainTimeout(Duration.ZERO)
        .releaseOnShutdown(false)
        .build();
  }

  private static void run(String... command) throws Exception {
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new AssertionError(String.join(" ", command) + " failed");
    }
  }

  /** A refusal is what one hopes for; what matters is what was done before it. */
  private static void attempt(Path path, Use use) throws Exception {
    try {
      use.of(path);
    } catch (RuntimeException e) {
      System.out.println("  refused: " + e.getMessage());
    }
  }
}
