package dev.autodeploy.testing;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

class SimulatedProviderContractTest extends InstanceProviderContract {
  private final ManualTime time = ManualTime.create();

  @Override
  protected InstanceProvider provider() {
    SimulatedProvider provider = SimulatedProvider.on(time);
    provider.planBy(SimulatedProviderContractTest::plan);
    return provider;
  }

  private static InstancePlan plan(StartRequest request) {
    String command = request.spec().startCommand();
    if (command != null && command.startsWith("exit ")) {
      String[] words = command.split(" ", 3);
      return InstancePlan.exitingWhileStarting(
          Duration.ofMillis(50), Integer.parseInt(words[1]), words[2]);
    }
    return InstancePlan.readyAfter(Duration.ofMillis(300))
        .upAfter(Duration.ofMillis(200))
        .comesUpInSpiteOfRelease()
        .releaseTakes(Duration.ofMillis(100));
  }

  @Override
  protected DeploymentSpec.Builder serving(String name) {
    return DeploymentSpec.builder(name).port(8080);
  }

  @Override
  protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
    return DeploymentSpec.builder(name).port(8080).startCommand("exit " + exitCode + " " + line);
  }

  @Override
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.of(((SimulatedProvider) first).newConnection());
  }

  @Override
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    ((SimulatedProvider) provider)
        .crash(
            instance.instanceId(),
            new InstanceExit(139, false, List.of("segmentation fault"), null, null));
    return true;
  }

  @Override
  protected <T> T await(CompletionStage<T> stage) {
    return time.await(stage);
  }

  @Override
  protected void pause(Duration duration) {
    time.advance(duration);
  }

  @Override
  protected void aside(Runnable call) {
    call.run();
  }
}
