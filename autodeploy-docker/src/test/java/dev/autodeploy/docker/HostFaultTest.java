package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.command.InspectContainerResponse;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.SnapshotRequest;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The tests of what is wrong with the daemon's host rather than with what is asked of it. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
class HostFaultTest {

  @Test
  void disk_thatIsFull_isToldSo_andReleasesAllTheSame() {
    try (OwnDaemon daemon = OwnDaemon.startOnDiskOf(48);
        TestRegistry registry = new TestRegistry()) {
      registry.push("1", 1 << 20);
      ProviderFixture docker =
          ProviderFixture.open(b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT));
      ProviderInstance instance = docker.ready(ProviderFixture.web().maxInstances(2).build());
      daemon.fillDisk();
      DeploymentSpec pulled =
          ProviderFixture.web().image(registry.host() + "/app:1").maxInstances(2).build();
      fails(docker, ProviderFixture.web().maxInstances(2).build(), DockerProblem.DISK_FULL);
      fails(docker, pulled, DockerProblem.DISK_FULL);
      assertThatThrownBy(
              () -> docker.provider.snapshot(instance.instanceId(), SnapshotRequest.named("full")))
          .isInstanceOf(DockerDaemonException.class)
          .extracting(e -> ((DockerDaemonException) e).problem())
          .isEqualTo(DockerProblem.DISK_FULL);
      docker.release(instance);
      assertNothingLeft(daemon);
      docker.provider.close();
    }
  }

  @Test
  void limits_andInit_thatTheHostCannotGive_areToldSo() {
    try (OwnDaemon daemon =
        OwnDaemon.startWithout("sys_resource", "--init-path", "/no/such/init")) {
      ProviderFixture docker =
          ProviderFixture.open(
              b ->
                  b.dockerHost(daemon.uri())
                      .network(OwnDaemon.KEPT)
                      .init(false)
                      .ulimit("memlock", -1, -1));
      fails(docker, ProviderFixture.web().build(), DockerProblem.ULIMIT_NOT_ALLOWED);
      docker.provider.close();
      docker = ProviderFixture.open(b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT));
      fails(docker, ProviderFixture.web().build(), DockerProblem.INIT_MISSING);
      docker.provider.close();
      assertNothingLeft(daemon);
    }
  }

  @Test
  void socket_thatThisUserMayNotUse_isToldSo(@TempDir Path directory) throws Exception {
    Path socket = directory.resolve("docker.sock");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("---------"));
      boolean root = "root".equals(System.getProperty("user.name"));
      if (root) {
        Programs.require("setpriv");
      }
      // For root itself permissions count only when it has given up that right of its.
      String[] through =
          root
              ? new String[] {"setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-all"}
              : new String[0];
      assertThat(ConnectMain.run(Map.of("DOCKER_HOST", "unix://" + socket), through))
          .startsWith("NO_PERMISSION ")
          .contains(socket.toString())
          .contains("this user may not use Docker")
          .contains("add the user to the group");
    }
  }

  @Test
  void container_thatCannotBeDeleted_isReleasedOnceItIsDead_andDeletedLater() {
    Programs.require("chattr");
    try (OwnDaemon daemon = OwnDaemon.start();
        DaemonClient client = daemon.client()) {
      ProviderFixture docker =
          ProviderFixture.open(b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT));
      ProviderInstance instance = docker.ready(keeping());
      Path kept = kept(daemon);
      assumeTrue(
          Programs.succeeds("chattr", "+i", kept.toString()), "no chattr on this file system");
      try {
        docker.release(instance);
        assertThat(docker.list()).isEmpty();
        docker.release(docker.ready(ProviderFixture.web().build()));
        assertThat(client.list(Map.of(Labels.OWNER, docker.owner)))
            .as("the dead one, aside")
            .singleElement()
            .satisfies(c -> assertThat(c.getNames()[0]).startsWith("/autodeploy-dead-"));
      } finally {
        Programs.succeeds("chattr", "-i", kept.toString());
      }
      docker.provider.close();
      ProviderFixture.open(docker.owner, b -> b.dockerHost(daemon.uri())).provider.close();
      assertNothingLeft(daemon);
    }
  }

  @Test
  void container_thatTakesLongToBeDeleted_isReleasedNoSoonerThanItsRemovalHasEnded(
      @TempDir Path elsewhere) {
    try (OwnDaemon daemon = OwnDaemon.start();
        DaemonClient client = daemon.client()) {
      ProviderFixture docker =
          ProviderFixture.open(
              b ->
                  b.dockerHost(daemon.uri())
                      .network(OwnDaemon.KEPT)
                      .callTimeout(Duration.ofSeconds(2)));
      ProviderInstance instance = docker.ready(keeping());
      String container = client.inspect(name(docker)).getId();
      makeBusy(kept(daemon), elsewhere);
      try {
        // The daemon tries for 5 s, and a call lasts 2.
        docker.release(instance);
        InspectContainerResponse aside = client.inspect(container);
        assertThat(aside.getState().getStatus()).isEqualTo("dead");
        assertThat(aside.getName()).startsWith("/autodeploy-dead-");
        docker.release(docker.ready(ProviderFixture.web().build()));
      } finally {
        makeIdle(elsewhere);
      }
      docker.provider.close();
      ProviderFixture.open(docker.owner, b -> b.dockerHost(daemon.uri())).provider.close();
      assertNothingLeft(daemon);
    }
  }

  @Test
  void container_thatSomebodyElseIsDeleting_isReleasedNoSoonerThanItIsGone(@TempDir Path elsewhere)
      throws Exception {
    try (OwnDaemon daemon = OwnDaemon.start();
        DaemonClient client = daemon.client();
        DaemonClient others = daemon.client()) {
      ProviderFixture docker =
          ProviderFixture.open(b -> b.dockerHost(daemon.uri()).network(OwnDaemon.KEPT));
      ProviderInstance instance = docker.ready(keeping());
      String container = client.inspect(name(docker)).getId();
      makeBusy(kept(daemon), elsewhere);
      try {
        CompletableFuture<Void> removal = Async.run(() -> others.remove(container));
        ProviderFixture.await(
            Duration.ofSeconds(5),
            () -> new ContainerState(client.inspect(container)).isBeingRemoved());
        CompletableFuture<Void> release = Async.run(() -> docker.release(instance));
        Thread.sleep(1000);
        assertThat(removal).isNotDone();
        assertThat(release).as("it is still there").isNotDone();
        makeIdle(elsewhere);
        release.join();
        assertThat(client.find(container)).isNull();
        removal.join();
      } finally {
        makeIdle(elsewhere);
      }
      docker.provider.close();
      assertNothingLeft(daemon);
    }
  }

  private static DeploymentSpec keeping() {
    return ProviderFixture.web()
        .startCommand("echo kept > /tmp/kept; " + ProviderFixture.SERVE)
        .build();
  }

  private static String name(ProviderFixture docker) {
    return "autodeploy-" + docker.owner + "-web-0";
  }

  /** The file that the service has written, as the daemon's host sees it. */
  private static Path kept(OwnDaemon daemon) {
    Path layers = daemon.dataDirectory().resolve("overlay2");
    assumeTrue(Files.isDirectory(layers), "this daemon keeps its containers' files otherwise");
    try (Stream<Path> files = Files.walk(layers, 4)) {
      return files.filter(file -> file.endsWith("diff/tmp/kept")).findFirst().orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Mounts something over a file by another way to it, which the daemon does not find: it tries for
   * some seconds to delete the file, and is told that it is busy.
   */
  private static void makeBusy(Path file, Path elsewhere) {
    String way = elsewhere.toString();
    boolean busy =
        Programs.succeeds("mount", "--bind", file.getParent().toString(), way)
            && Programs.succeeds("mount", "--make-private", way)
            && Programs.succeeds(
                "mount", "--bind", "/dev/null", elsewhere.resolve(file.getFileName()).toString());
    if (!busy) {
      makeIdle(elsewhere);
      throw new AssertionError("nothing can be mounted over " + file);
    }
  }

  private static void makeIdle(Path elsewhere) {
    Programs.succeeds("umount", "--recursive", elsewhere.toString());
  }

  private static void fails(ProviderFixture docker, DeploymentSpec spec, DockerProblem problem) {
    assertThatThrownBy(() -> docker.start(docker.request(spec, 1)))
        .isInstanceOf(InstanceStartException.class)
        .hasMessageContaining(problem.summary())
        .hasMessageContaining(problem.advice())
        .extracting(e -> ((DockerDaemonException) e.getCause()).problem())
        .isEqualTo(problem);
  }

  private static void assertNothingLeft(OwnDaemon daemon) {
    try (DaemonClient client = daemon.client()) {
      ProviderFixture.await(
          Duration.ofSeconds(5), () -> client.list(Map.of(Labels.MANAGED, "true")).isEmpty());
    }
  }
}
