package dev.autodeploy.testing;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class LocalProcessProviderContractTest extends InstanceProviderContract {
  @TempDir private Path directory;

  @Override
  protected InstanceProvider provider() {
    return LocalProcessProvider.builder().directory(directory).build();
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name).port(0).startCommand(SmallServer.command());
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name)
        .port(0)
        .startCommand("echo '" + line + "'; exit " + exitCode);
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(provider());
  }

  @Override
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    URI endpoint = Objects.requireNonNull(instance.endpoint());
    try (Socket socket = new Socket(endpoint.getHost(), endpoint.getPort())) {
      socket.getOutputStream().write(SmallServer.CRASH);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
