package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rights of a container by default, on a real daemon. */
class ContainerRightsTest {
  /** Chown, dac_override, fowner, fsetid, kill, setgid, setuid and net_bind_service. */
  private static final long KEPT = 0x4fb;

  private static final String SHOW = "cat /proc/self/status > /www/status; ";

  @Test
  void container_byDefault_hasNoRightsThatServicesDoNotNeed() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance = docker.ready(showing("").build());
      String status = status(instance);

      assertThat(Long.parseLong(field(status, "CapBnd"), 16)).isEqualTo(KEPT);
      assertThat(field(status, "NoNewPrivs")).isEqualTo("1");
      docker.release(instance);
    }
  }

  @Test
  void imageThatChangesOwnersAndUser_startsAsBefore() throws Exception {
    String nginxLike =
        "busybox chown 1000:1000 /www /tmp && busybox chmod 700 /tmp && "
            + "echo 'web:x:1000:1000::/:/bin/sh' > /etc/passwd && "
            + "exec busybox su web -c '"
            + SHOW
            + ProviderFixture.SERVE
            + "'";
    try (ProviderFixture docker = ProviderFixture.open()) {
      ProviderInstance instance =
          docker.ready(ProviderFixture.web().startCommand(nginxLike).build());

      assertThat(field(status(instance), "Uid")).startsWith("1000");
      docker.release(instance);
    }
  }

  @Test
  void image_withoutAShell_isLimitedToo() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open();
        DaemonClient client = TestDaemon.client()) {
      ProviderInstance instance =
          docker.start(DeploymentSpec.builder("bare").image(TestDaemon.BARE).port(8080).build());
      var host =
          client
              .inspect(client.list(Map.of(Labels.INSTANCE, instance.instanceId())).get(0).getId())
              .getHostConfig();

      assertThat(host.getSecurityOpts()).containsExactly("no-new-privileges");
      assertThat(host.getCapDrop()).isNotEmpty();
      assertThat(host.getPrivileged()).isFalse();
      docker.release(instance);
    }
  }

  @Test
  void capabilities_andNewPrivileges_canBeGivenBack() throws Exception {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b -> b.capabilities("CAP_SYS_CHROOT", "sys_ptrace").newPrivileges(true))) {
      ProviderInstance instance = docker.ready(showing("").build());
      String status = status(instance);

      assertThat(Long.parseLong(field(status, "CapBnd"), 16)).isEqualTo(KEPT | 1 << 18 | 1 << 19);
      assertThat(field(status, "NoNewPrivs")).isEqualTo("0");
      docker.release(instance);
    }
  }

  @Test
  void capability_thatIsNone_isRefused() {
    assertThatThrownBy(() -> DockerInstanceProvider.builder().capabilities("root"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'root' is not a capability; names look like SYS_PTRACE");
  }

  @Test
  void rootThatIsReadOnly_leavesTmpAndRun() throws Exception {
    String command =
        "! touch /www/x && echo ok > /tmp/index.html && echo x > /run/x && "
            + "cat /proc/self/status > /tmp/status && exec httpd -f -p 8080 -h /tmp";
    try (ProviderFixture docker = ProviderFixture.open(b -> b.readOnlyRoot(true))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().startCommand(command).build());

      assertThat(field(status(instance), "Uid")).startsWith("0");
      docker.release(instance);
    }
  }

  @Test
  void user_isTheOneOfTheProvider() throws Exception {
    String command = "cat /proc/self/status > /dev/shm/status && exec httpd -f -p 8080 -h /dev/shm";
    try (ProviderFixture docker = ProviderFixture.open(b -> b.user("1000:1000"))) {
      ProviderInstance instance = docker.ready(ProviderFixture.web().startCommand(command).build());
      String status = status(instance);

      assertThat(field(status, "Uid")).startsWith("1000");
      assertThat(Long.parseLong(field(status, "CapEff"), 16)).isZero();
      docker.release(instance);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run",
        "/var/run/",
        "/var/run/../run/docker.sock",
        "/",
        "/run/containerd"
      })
  void mount_ofTheDaemonsSocket_isRefused(String source) {
    DeploymentSpec spec = ProviderFixture.web().mount(Mount.of(source, "/host")).build();
    try (ProviderFixture docker = ProviderFixture.open()) {
      assertThatThrownBy(() -> docker.provider.validate(spec))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(source)
          .hasMessageContaining("dockerSocket(true)");
    }
  }

  @Test
  void mount_ofALinkToTheDaemonsSocket_isRefused_untilItIsAllowed(@TempDir Path directory)
      throws Exception {
    Path link = Files.createSymbolicLink(directory.resolve("s"), Path.of("/var/run"));
    DeploymentSpec spec =
        ProviderFixture.web()
            .mount(Mount.of(link.toString(), "/host"))
            .mount(Mount.of(directory.toString(), "/data"))
            .build();
    try (ProviderFixture docker = ProviderFixture.open()) {
      assertThatThrownBy(() -> docker.provider.validate(spec))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(link.toString());
    }
    try (ProviderFixture docker = ProviderFixture.open(b -> b.dockerSocket(true))) {
      docker.provider.validate(spec);
    }
  }

  private static DeploymentSpec.Builder showing(String first) {
    return ProviderFixture.web().startCommand(first + SHOW + ProviderFixture.SERVE);
  }

  private static String status(ProviderInstance instance) throws Exception {
    return ProviderFixture.get(instance.endpoint().resolve("/status"));
  }

  private static String field(String status, String name) {
    Matcher line = Pattern.compile("(?m)^" + name + ":\\s*(.*)$").matcher(status);
    assertThat(line.find()).as(status).isTrue();
    return line.group(1).strip();
  }
}
