package dev.autodeploy.console;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecPolicyTest {
  @TempDir private Path directory;

  private static DeploymentSpec mounting(String source) {
    return DeploymentSpec.builder("voice").port(80).mount(Mount.of(source, "/data")).build();
  }

  private static DeploymentSpec of(String image) {
    return DeploymentSpec.builder("voice").port(80).image(image).build();
  }

  private static void allowed(SpecPolicy policy, DeploymentSpec spec) {
    assertThatCode(() -> policy.check(spec, null)).doesNotThrowAnyException();
  }

  private static void refused(SpecPolicy policy, DeploymentSpec spec) {
    assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> policy.check(spec, null));
  }

  private static SpecPolicy mounts(String... allowed) {
    return new SpecPolicy(List.of(allowed), List.of(), 0, 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/srv/models", "/var/run/docker.sock", "/etc", "models", "relative/x"})
  void withoutALeave_nothingIsMounted(String source) {
    refused(mounts(), mounting(source));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/srv",
        "/srv/modelsX",
        "/srv/models/../secrets",
        "/srv/models/../../etc",
        "/srv/models/./a",
        "srv/models",
        "./srv/models",
        "models2"
      })
  void besideThePrefix_nothingIsMounted(String source) {
    refused(mounts("/srv/models", "models"), mounting(source));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/srv/models", "/srv/models/", "/srv/models/llama/7b", "models"})
  void belowThePrefix_everythingIs(String source) {
    allowed(mounts("/srv/models", "models"), mounting(source));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc",
        "/etc/shadow",
        "/proc",
        "/proc/1/root",
        "/root",
        "/root/.ssh",
        "/run",
        "/run/docker.sock",
        "/var",
        "/var/run/docker.sock",
        "/var/lib/docker",
        "/dev/mem",
        "/sys",
        "/home/mei",
        "/usr/bin"
      })
  void whatTheSystemDependsOn_isMountedOnlyIfItIsNamed(String source) {
    refused(mounts("/"), mounting(source));
    refused(mounts("/var", "/home", "/usr"), mounting(source.equals("/var") ? "/var/run" : source));
    allowed(mounts(source), mounting(source));
  }

  @Test
  void aFolderThatIsNamedInsideAHome_isMountedWithWhatIsBelow() {
    allowed(mounts("/home/mei/models"), mounting("/home/mei/models/llama"));
    refused(mounts("/home/mei/models"), mounting("/home/mei"));
  }

  @Test
  void aLink_countsAsWhereItLeads() throws IOException {
    Path models = Files.createDirectory(directory.resolve("models"));
    Path secrets = Files.createDirectory(directory.resolve("secrets"));
    Files.createDirectory(models.resolve("real"));
    Files.createSymbolicLink(models.resolve("out"), secrets);
    Files.createSymbolicLink(models.resolve("etc"), Path.of("/etc"));
    Files.createSymbolicLink(models.resolve("nowhere"), directory.resolve("missing"));
    Files.createSymbolicLink(models.resolve("in"), models.resolve("real"));
    Path alias = Files.createSymbolicLink(directory.resolve("alias"), models);
    SpecPolicy policy = mounts(models.toString());
    for (String name : List.of("out", "out/deep", "etc", "etc/shadow", "nowhere", "nowhere/x")) {
      refused(policy, mounting(models.resolve(name).toString()));
    }
    for (String name : List.of("real", "in", "not-made-yet", "real/not/made/yet")) {
      allowed(policy, mounting(models.resolve(name).toString()));
    }
    // The link itself may be what is allowed.
    allowed(mounts(alias.toString()), mounting(alias.resolve("real").toString()));
    refused(mounts(alias.toString()), mounting(alias.resolve("out").toString()));
  }

  @Test
  void portOfALink_isChosenFromTheAllowedOnesOnly() {
    SpecPolicy none = new SpecPolicy(List.of(), List.of(), 0, 0);
    SpecPolicy some = new SpecPolicy(List.of(), List.of(), 20_000, 20_999);
    DeploymentSpec on22 = onPort(22);
    refused(none, on22);
    refused(none, onPort(20_000));
    refused(some, on22);
    refused(some, onPort(21_000));
    allowed(some, onPort(20_000));
    allowed(some, onPort(20_999));
    allowed(none, onPort(0));
    // The one that it has, as the proxy or the application has chosen it, but no other.
    assertThatCode(() -> none.check(on22, on22)).doesNotThrowAnyException();
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> none.check(onPort(23), on22));
  }

  private static DeploymentSpec onPort(int port) {
    return DeploymentSpec.builder("voice").port(80).image("acme/voice:1").linkPort(port).build();
  }

  @Test
  void allowedPorts_areARange() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpecPolicy.checkPorts(0, 5))
        .withMessageContaining("0 and 5");
    assertThatIllegalArgumentException().isThrownBy(() -> SpecPolicy.checkPorts(6, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> SpecPolicy.checkPorts(6, 65_536));
  }

  @Test
  void whatADeploymentHasAlready_staysAllowed() {
    DeploymentSpec declared =
        DeploymentSpec.builder("voice")
            .port(80)
            .image("acme/voice:1")
            .mount(Mount.of("/etc/voice", "/etc/voice").asReadOnly())
            .build();
    SpecPolicy policy = new SpecPolicy(List.of(), List.of("none"), 0, 0);
    DeploymentSpec changed = declared.toBuilder().maxInstances(3).build();
    assertThatCode(() -> policy.check(changed, declared)).doesNotThrowAnyException();
    // But not writable now, nor another path beside it.
    DeploymentSpec writable = mounting("/etc/voice").toBuilder().image("acme/voice:1").build();
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> policy.check(writable, declared));
    DeploymentSpec another = declared.toBuilder().image("acme/voice:2").build();
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> policy.check(another, declared));
  }

  @ParameterizedTest
  @CsvSource({
    "ghcr.io/acme/voice:1, true",
    "ghcr.io/acme/deep/voice, true",
    "breezyvoice:latest, true",
    "breezyvoice:, true",
    "ghcr.io/acme, false",
    "ghcr.io/acmeX/voice, false",
    "evil.example/ghcr.io/acme/voice, false",
    "ghcrxio/acme/voice, false",
    "breezyvoice, false"
  })
  void images_matchAWholePattern(String image, boolean allowed) {
    SpecPolicy policy = new SpecPolicy(List.of(), List.of("ghcr.io/acme/*", "breezyvoice:*"), 0, 0);
    if (allowed) {
      allowed(policy, of(image));
    } else {
      refused(policy, of(image));
      DeploymentSpec snapshot = DeploymentSpec.builder("voice").port(80).snapshot(image).build();
      refused(policy, snapshot);
    }
  }

  @Test
  void withoutAPattern_everyImageIsAllowed() {
    allowed(mounts(), of("anything/at-all:1"));
  }

  @Test
  void aPrefixThatIsNoPlainPath_isRefusedWhenItIsAllowed() {
    for (String path : List.of("srv/models", "/srv/../etc", "~/models", "")) {
      assertThatIllegalArgumentException().isThrownBy(() -> SpecPolicy.checkedMount(path));
    }
  }
}
