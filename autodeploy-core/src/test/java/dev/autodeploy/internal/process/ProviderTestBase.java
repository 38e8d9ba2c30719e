package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The base of the tests of the provider. */
abstract class ProviderTestBase {
  static final String OWNER = "tests";

  @TempDir Path directory;
  final RecordingObserver observer = new RecordingObserver();
  private final List<LocalProcessProvider> providers = new ArrayList<>();
  private final List<Process> hosts = new ArrayList<>();

  @AfterEach
  final void closeProviders() {
    providers.forEach(LocalProcessProvider::close);
    hosts.forEach(Process::destroyForcibly);
  }

  final LocalProcessProvider provider() {
    return provider(OWNER, Duration.ofMinutes(1));
  }

  final LocalProcessProvider provider(String owner, Duration detachTimeout) {
    LocalProcessProvider provider =
        LocalProcessProvider.builder()
            .directory(registry())
            .workingDirectory(directory)
            .detachTimeout(detachTimeout)
            .build();
    providers.add(provider);
    provider.open(new ProviderContext(owner, observer));
    return provider;
  }

  final Process host(String command, String action) throws Exception {
    Process host = HostMain.start(registry(), OWNER, command, action);
    hosts.add(host);
    return host;
  }

  final Path registry() {
    return directory.resolve("registry");
  }

  final Path file(String name) {
    return directory.resolve(name);
  }

  static ProviderInstance start(LocalProcessProvider provider, String id, String command)
      throws Exception {
    return provider.start(Requests.of(OWNER, id, command)).toCompletableFuture().get();
  }

  static ProviderInstance start(LocalProcessProvider provider, String id, DeploymentSpec spec)
      throws Exception {
    return provider.start(Requests.of(OWNER, id, spec)).toCompletableFuture().get();
  }

  static void release(LocalProcessProvider provider, String id, Duration grace) throws Exception {
    provider.release(id, grace).toCompletableFuture().get(1, TimeUnit.MINUTES);
  }

  static List<ProviderInstance> list(LocalProcessProvider provider) throws Exception {
    return provider.list(OWNER).toCompletableFuture().get();
  }

  static List<String> logs(LocalProcessProvider provider, String id) throws Exception {
    return provider.logs(id, 100).toCompletableFuture().get();
  }
}
