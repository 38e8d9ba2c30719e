package dev.autodeploy.reliability;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.LocalProcessProvider;
import dev.autodeploy.docker.DockerInstanceProvider;
import dev.autodeploy.spi.InstanceProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Two deployments take turns on one GPU, while clients ask both and every few rounds the instance
 * that has it is killed. Never two have it at once.
 */
final class TurnsOnOneGpu implements Fault {
  private static final int ROUNDS_BETWEEN_KILLS = 5;

  private final boolean docker;
  private final int rounds;

  TurnsOnOneGpu(boolean docker, int rounds) {
    this.docker = docker;
    this.rounds = rounds;
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    AtomicInteger most = new AtomicInteger();
    ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    int crashes;
    try (Host host =
        Host.start(
            provider(),
            scene.owner("docker"),
            scene.directory().resolve("state"),
            List.of(spec(scene, "one"), spec(scene, "other")))) {
      List<URI> links = host.links();
      sampler.scheduleWithFixedDelay(
          () -> most.accumulateAndGet(holders(scene), Math::max), 0, 200, TimeUnit.MILLISECONDS);
      try (Load first = Load.start(1, () -> links.get(0), tally);
          Load second = Load.start(1, () -> links.get(1), tally)) {
        for (int round = 1; round <= rounds; round++) {
          for (URI link : links) {
            Recovery.await(scene, link, tally);
          }
          if (round % ROUNDS_BETWEEN_KILLS == 0) {
            kill(scene);
          }
          if (round % 100 == 0) {
            scene.say("    round %d, %d crashed".formatted(round, host.crashes()));
          }
        }
        expectInstance(scene, links, tally);
      }
      crashes = host.crashes();
    } finally {
      sampler.shutdownNow();
    }
    if (!sampler.awaitTermination(30, TimeUnit.SECONDS) || most.get() != 1) {
      scene.fail("instances that had the GPU at once: " + most.get());
    }
    // Not quite one each time: a kill may meet an instance that is being released.
    if (crashes < rounds / ROUNDS_BETWEEN_KILLS / 3) {
      scene.fail("only %d instances have crashed in %d rounds".formatted(crashes, rounds));
    }
    scene.say("    %d instances were killed while they were ready".formatted(crashes));
    scene.explain(tally);
    return Row.of(
        docker ? "turns on one GPU, containers killed" : "turns on one GPU, processes killed",
        rounds,
        tally,
        docker ? scene.leakedContainers() : scene.leakedProcesses());
  }

  private InstanceProvider provider() {
    return docker
        ? DockerInstanceProvider.builder()
            .heartbeatTimeout(Duration.ofSeconds(20))
            .gpus("0")
            .build()
        : LocalProcessProvider.builder().gpus("0").build();
  }

  private DeploymentSpec spec(Scene scene, String name) {
    DeploymentSpec.Builder service =
        docker ? Service.docker(name, "") : Service.local(name, scene.mark(), "");
    return service.gpu(GpuRequest.ids("0")).build();
  }

  /** Returns how many instances run, as the operating system or the daemon has it. */
  private int holders(Scene scene) {
    return docker
        ? Instances.containers(scene.daemon(), scene.owner("docker"), false).size()
        : Instances.ports(scene.mark()).size();
  }

  private void kill(Scene scene) {
    if (docker) {
      scene.killOneContainer();
    } else {
      scene.killOneProcess();
    }
  }

  private void expectInstance(Scene scene, List<URI> links, Tally tally) {
    Recovery.await(scene, links.get(0), tally);
    if (docker) {
      scene.expectContainer("docker");
    } else {
      scene.expectProcess();
    }
  }
}
