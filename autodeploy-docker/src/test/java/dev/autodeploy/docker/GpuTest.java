package dev.autodeploy.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.github.dockerjava.api.model.DeviceRequest;
import dev.autodeploy.AcquireTimeoutException;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderCatalog;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** GPUs on a daemon whose NVIDIA hook is a stand-in: it accepts requests and adds no device. */
@DaemonsGpus
class GpuTest {
  private static final String ENV = "env > /www/env; exec httpd -f -p 8080 -h /www";

  private static DeploymentSpec spec(GpuRequest request) {
    return DeploymentSpec.builder("gpu")
        .image(TestDaemon.GPU)
        .port(8080)
        .startCommand(ENV)
        .gpu(request)
        .maxInstances(4)
        .build();
  }

  @Test
  void count_takesFreeGpusOneByOne_andTheContainerSeesThem() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpus("0", "1"))) {
      ProviderInstance first = docker.start(docker.request(spec(GpuRequest.count(1)), 0));
      ProviderInstance second = docker.start(docker.request(spec(GpuRequest.count(1)), 1));

      assertThat(visible(docker, first)).isEqualTo("NVIDIA_VISIBLE_DEVICES=0");
      assertThat(visible(docker, second)).isEqualTo("NVIDIA_VISIBLE_DEVICES=1");
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.count(1)), 2)))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("no GPU free")
          .hasMessageContaining("GPU '0' is held by instance '" + first.instanceId())
          .hasMessageContaining("GPU '1' is held by instance '" + second.instanceId());

      docker.release(first);
      ProviderInstance third = docker.start(docker.request(spec(GpuRequest.count(1)), 2));
      assertThat(visible(docker, third)).isEqualTo("NVIDIA_VISIBLE_DEVICES=0");
      docker.release(second);
      docker.release(third);
    }
  }

  @Test
  void memoryOfOneThatSleeps_isSharedButForWhatItKeeps_untilItIsWoken() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpu("0", "Test Card", "24GiB"))) {
      ProviderInstance first = docker.start(docker.request(spec(GpuRequest.ids("0")), 0));
      GpuRequest twenty = GpuRequest.ids("0").withMemory("20GiB");
      docker.provider.sleeps(first.instanceId(), 5L << 30);
      assertThatThrownBy(() -> docker.start(docker.request(spec(twenty), 1)))
          .hasMessageContaining("no GPU free");
      docker.provider.sleeps(first.instanceId(), 4L << 30);
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.ids("0")), 1)))
          .as("a whole GPU is not given beside what is kept")
          .hasMessageContaining("no GPU free");
      docker.release(docker.start(docker.request(spec(twenty), 1)));
      docker.provider.sleeps(first.instanceId(), 0);
      docker.release(docker.start(docker.request(spec(GpuRequest.ids("0")), 1)));
      docker.provider.wakes(first.instanceId());
      assertThatThrownBy(() -> docker.start(docker.request(spec(twenty), 1)))
          .hasMessageContaining("no GPU free");
      docker.release(first);
    }
  }

  @Test
  void gpuOfOneThatSleeps_staysWithOthers_whileItIsReleased() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpu("0", "Test Card", "24GiB"))) {
      DeploymentSpec slowToEnd =
          spec(GpuRequest.ids("0")).toBuilder()
              .startCommand("trap 'echo ending' TERM; while :; do sleep 0.2; done")
              .build();
      ProviderInstance first = docker.start(docker.request(slowToEnd, 0));
      docker.provider.sleeps(first.instanceId(), 0);
      CompletableFuture<Void> released =
          CompletableFuture.runAsync(
              () -> docker.provider.release(first.instanceId(), Duration.ofSeconds(8)));
      ProviderFixture.await(
          Duration.ofSeconds(20),
          () ->
              docker
                  .provider
                  .logs(first.instanceId(), 10)
                  .toCompletableFuture()
                  .join()
                  .contains("ending"));

      ProviderInstance second = docker.start(docker.request(spec(GpuRequest.ids("0")), 1));
      assertThat(visible(docker, second)).isEqualTo("NVIDIA_VISIBLE_DEVICES=0");

      released.get(30, TimeUnit.SECONDS);
      docker.release(second);
    }
  }

  @Test
  void memory_isSharedByContainersOfSeveralHosts_aslongAsItFits() throws Exception {
    DeploymentSpec tenGib = spec(GpuRequest.ids("0").withMemory("10GiB"));
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpu("0", "Test Card", "24GiB"));
        ProviderFixture other = ProviderFixture.open(b -> b.gpu("0", "Test Card", "24GiB"))) {
      ProviderInstance first = docker.start(docker.request(tenGib, 0));
      ProviderInstance second = other.start(other.request(tenGib, 0));
      assertThat(visible(other, second)).isEqualTo("NVIDIA_VISIBLE_DEVICES=0");

      assertThatThrownBy(() -> docker.start(docker.request(tenGib, 1)))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("no GPU free")
          .hasMessageContaining("GPU '0' is held by instance '" + first.instanceId() + "'")
          .hasMessageContaining(
              "GPU '0' is held by container 'autodeploy-"
                  + other.owner
                  + "-gpu-0', which is not ours: instance '"
                  + second.instanceId()
                  + "' of owner '"
                  + other.owner
                  + "'");
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.ids("0")), 1)))
          .as("a whole GPU is not given beside shares")
          .hasMessageContaining("no GPU free");
      DeploymentSpec large = spec(GpuRequest.memory("25GiB"));
      assertThatThrownBy(() -> docker.start(docker.request(large, 1)))
          .hasMessageContaining("0 GPUs with 25GiB of memory");

      other.release(second);
      ProviderInstance third = docker.start(docker.request(tenGib, 1));
      docker.release(first);
      docker.release(third);
    }
  }

  @Test
  void callerWhoseGpuAnotherApplicationHas_isToldTheNameOfItsContainer() throws Exception {
    try (ProviderFixture other = ProviderFixture.open(b -> b.gpus("0"));
        AutoDeploy engine =
            AutoDeploy.builder()
                .provider(DockerInstanceProvider.builder().gpus("0").build())
                .build()) {
      ProviderInstance foreign = other.start(other.request(spec(GpuRequest.ids("0")), 0));
      Deployment voice = engine.deploy(spec(GpuRequest.ids("0")));

      assertThatThrownBy(() -> voice.acquire(Duration.ofSeconds(16)))
          .isInstanceOf(AcquireTimeoutException.class)
          .hasMessageContaining("waits in line for GPU 0")
          .hasMessageContaining("container 'autodeploy-" + other.owner + "-gpu-0'")
          .hasMessageContaining("not ours");
      other.release(foreign);
      voice.acquire(Duration.ofSeconds(60)).close();
    }
  }

  @Test
  void memory_isReadFromItsOwnList() {
    List<Gpu> gpus =
        NvidiaSmi.withMemory(
            NvidiaSmi.parse(List.of("GPU 0: L4 (UUID: GPU-a)", "GPU 1: L4 (UUID: GPU-b)")),
            List.of("GPU-a, 23034", "GPU-b, [N/A]"));
    assertThat(gpus).extracting(Gpu::memoryBytes).containsExactly(23034L << 20, 0L);
  }

  /** A container that its host's systemd has taken the devices from prints this. */
  @Test
  void check_ofAContainerThatLostItsGpus_saysWhatItsDriverSays() {
    String says = "Failed to initialize NVML: Unknown Error";
    String smi = "printf '#!/bin/sh\\ncat /smi\\n' > /bin/nvidia-smi; chmod +x /bin/nvidia-smi; ";
    DeploymentSpec spec =
        DeploymentSpec.builder("gpu")
            .image(TestDaemon.GPU)
            .port(8080)
            .startCommand(smi + "echo '" + says + "' > /smi; exec httpd -f -p 8080 -h /www")
            .gpu(GpuRequest.ids("0"))
            .build();
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpus("0", "1"))) {
      ProviderInstance lost = docker.start(docker.request(spec, 0));
      assertThat(docker.provider.check(lost).toCompletableFuture().join())
          .hasValueSatisfying(what -> assertThat(what).endsWith("nvidia-smi says: " + says));
      docker.release(lost);
      assertThat(docker.provider.check(lost).toCompletableFuture().join()).isEmpty();

      ProviderInstance well = docker.start(docker.request(spec(GpuRequest.ids("0")), 0));
      assertThat(docker.provider.check(well).toCompletableFuture().join()).isEmpty();
      docker.release(well);
    }
  }

  @Test
  void check_readsTheList() {
    List<String> both = List.of("GPU 0: NVIDIA L4 (UUID: GPU-a)", "GPU 1: NVIDIA L4 (UUID: GPU-b)");
    assertThat(GpuCheck.in(both, List.of("GPU-a", "GPU-b"))).isEmpty();
    assertThat(GpuCheck.in(both, List.of("GPU-c")).orElseThrow())
        .isEqualTo("GPU 'GPU-c' is no longer among those in its container");
    assertThat(GpuCheck.in(both, List.of("7"))).as("indices are counted anew inside").isEmpty();
    assertThat(GpuCheck.in(List.of("sh: nvidia-smi: not found"), List.of("GPU-a"))).isEmpty();
    assertThat(
            GpuCheck.in(List.of("Unable to determine the device handle: GPU is lost."), List.of()))
        .isPresent();
  }

  @Test
  void table_survivesARestartOfTheHost() {
    try (ProviderFixture before = ProviderFixture.open(b -> b.gpus("0", "1"))) {
      ProviderInstance held = before.start(before.request(spec(GpuRequest.ids("1")), 0));
      try (ProviderFixture after = ProviderFixture.open(b -> b.gpus("0", "1"))) {
        assertThatThrownBy(() -> after.start(after.request(spec(GpuRequest.count(2)), 0)))
            .isInstanceOf(InstanceStartException.class)
            .hasMessageContaining("GPU '1' is held by container '")
            .hasMessageContaining("instance '" + held.instanceId() + "' of owner '" + before.owner);
        List<ProviderCatalog.Gpu> offered =
            after.provider.catalog().toCompletableFuture().join().gpus();
        assertThat(offered)
            .containsExactly(
                new ProviderCatalog.Gpu("0", "", ""),
                new ProviderCatalog.Gpu("1", "", held.instanceId()));
      }
      before.release(held);
    }
  }

  @Test
  void ids_areAskedForAsGiven() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpuAccess(GpuAccess.NVIDIA_HOOK))) {
      ProviderInstance mig =
          docker.start(
              docker.request(spec(GpuRequest.ids("GPU-bbbb1111-0000-0000-0000-000000000000")), 0));
      assertThat(visible(docker, mig))
          .isEqualTo("NVIDIA_VISIBLE_DEVICES=GPU-bbbb1111-0000-0000-0000-000000000000");
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.ids("1")), 1)))
          .as("index 1 is the same card")
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("no GPU free");
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.ids("7")), 1)))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("no GPU '7'")
          .hasMessageContaining("GPU-aaaa0000");
      docker.release(mig);
    }
  }

  @Test
  void image_thatAsksForAllGpusByItself_getsNoneThatNobodyGave() throws Exception {
    String image = "autodeploy/test-greedy:1";
    try (DaemonClient client = TestDaemon.client();
        ProviderFixture docker = ProviderFixture.open()) {
      TestImages.load(
          client,
          image,
          TestImages.tools().toByteArray(),
          "CMD [\"sh\"]",
          "ENV NVIDIA_VISIBLE_DEVICES=all");
      DeploymentSpec spec = spec(GpuRequest.none()).toBuilder().image(image).build();
      ProviderInstance instance = docker.start(spec);
      assertThat(visible(docker, instance)).isEqualTo("NVIDIA_VISIBLE_DEVICES=void");
      docker.release(instance);

      ProviderInstance given =
          docker.start(spec.toBuilder().environment("NVIDIA_VISIBLE_DEVICES", "0").build());
      assertThat(visible(docker, given)).as("by the deployment").endsWith("=0");
      docker.release(given);
      client.removeImage(image);
    }
  }

  @Test
  void inventory_isReadWithNvidiaSmiInTheImage() throws Exception {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpuAccess(GpuAccess.NVIDIA_HOOK))) {
      ProviderInstance all = docker.start(docker.request(spec(GpuRequest.all()), 0));
      assertThat(visible(docker, all))
          .isEqualTo(
              "NVIDIA_VISIBLE_DEVICES=GPU-aaaa0000-0000-0000-0000-000000000000,"
                  + "GPU-bbbb1111-0000-0000-0000-000000000000");
      assertThat(docker.provider.catalog().toCompletableFuture().join().gpus())
          .extracting(ProviderCatalog.Gpu::model)
          .containsExactly("Test Card", "Test Card");
      docker.release(all);

      assertThatThrownBy(
              () -> docker.start(docker.request(spec(GpuRequest.count(1).model("Other Card")), 0)))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("0 GPUs of model 'Other Card'");
    }
  }

  @Test
  void container_thatAsksForTheGpus_isRemoved_alsoWhereItsHostWasKilled() {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpuAccess(GpuAccess.NVIDIA_HOOK));
        DaemonClient client = TestDaemon.client()) {
      docker.release(docker.start(spec(GpuRequest.all())));
      Map<String, String> probes = Map.of(Labels.PROBE, docker.owner);
      assertThat(client.list(probes)).isEmpty();

      docker.provider.close();
      String hangs =
          client.create(
              "test",
              TestDaemon.GPU,
              cmd ->
                  cmd.withName("autodeploy-probe-" + docker.owner)
                      .withLabels(Map.of(Labels.PROBE, docker.owner, Labels.INSTANCE, docker.owner))
                      .withEntrypoint("sleep")
                      .withCmd("60"));
      client.start("test", hangs);
      ProviderFixture.open(docker.owner, builder -> builder).close();
      assertThat(client.find(hangs)).isNull();
    }
  }

  @Test
  void count_withoutAnInventory_asksToNameTheGpus() {
    try (ProviderFixture docker = ProviderFixture.open(b -> b.gpuAccess(GpuAccess.NVIDIA_HOOK))) {
      DeploymentSpec spec = spec(GpuRequest.count(1)).toBuilder().image(TestDaemon.WEB).build();
      assertThatThrownBy(() -> docker.start(spec))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("builder().gpus(");
      ProviderInstance all = docker.start(spec.toBuilder().gpu(GpuRequest.all()).build());
      docker.release(all);
    }
  }

  @Test
  void race_ofTwoHosts_givesEachGpuOnce() {
    try (ProviderFixture one = ProviderFixture.open(b -> b.gpus("0"));
        ProviderFixture two = ProviderFixture.open(b -> b.gpus("0"))) {
      for (int round = 0; round < 5; round++) {
        List<CompletableFuture<Object>> starts = new ArrayList<>();
        for (ProviderFixture host : List.of(one, two)) {
          starts.add(
              CompletableFuture.supplyAsync(
                  () -> {
                    try {
                      return host.start(host.request(spec(GpuRequest.count(1)), 0));
                    } catch (InstanceStartException e) {
                      return e;
                    }
                  }));
        }
        List<Object> results = starts.stream().map(CompletableFuture::join).toList();
        assertThat(results)
            .as("%s", results)
            .filteredOn(ProviderInstance.class::isInstance)
            .hasSize(1);
        for (ProviderFixture host : List.of(one, two)) {
          host.list()
              .forEach(
                  i ->
                      host.provider
                          .release(i.instanceId(), Duration.ZERO)
                          .toCompletableFuture()
                          .join());
        }
      }
    }
  }

  @Test
  void secondTryForGpus_isNotInTheWayOfItself() throws Exception {
    try (DaemonClient client = TestDaemon.client();
        ProviderFixture docker = ProviderFixture.open(b -> b.gpus("0", "1", "2"))) {
      GpuAllocator gpus = docker.provider.containers().gpus();
      GpuInventory inventory = docker.provider.containers().inventory();
      GpuRequest two = GpuRequest.count(2);
      assertThat(gpus.reserve("me", "web-1", two, inventory::known).held())
          .containsExactly("0", "1");
      Labels rival = rival(docker.owner);
      String container =
          client.create(
              "test", TestDaemon.GPU, cmd -> cmd.withName(rival.name()).withLabels(rival.toMap()));

      assertThat(gpus.reserve("me", "web-1", two, inventory::known).held())
          .containsExactly("1", "2");

      gpus.free("web-1");
      client.remove(container);
    }
  }

  /** Of a container that holds GPU 0. */
  private static Labels rival(String owner) {
    return new Labels(
        "autodeploy-" + owner + "-rival-0",
        owner,
        "rival",
        0,
        "rival-1",
        "f1",
        List.of("0"),
        0,
        8080,
        Instant.now(),
        Heartbeat.NONE,
        "",
        0);
  }

  @Test
  void gpu_ofAContainerThatWasJustMade_isHeld_alsoByADaemonWhoseClockIsSlow() {
    Duration slow = Duration.ofMinutes(10);
    try (DaemonProxy proxy = new DaemonProxy();
        DaemonClient client = TestDaemon.client()) {
      proxy.set(call -> behindBy(slow, call));
      try (ProviderFixture docker =
          ProviderFixture.open(b -> b.dockerHost(proxy.uri()).gpus("0"))) {
        assertThat(docker.provider.containers().host().daemon().clockSkew().toMinutes())
            .isEqualTo(-slow.toMinutes());
        Labels labels = rival(docker.owner);
        String rival =
            client.create(
                "test",
                TestDaemon.GPU,
                cmd -> cmd.withName(labels.name()).withLabels(labels.toMap()));
        assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.count(1)), 0)))
            .isInstanceOf(InstanceStartException.class)
            .hasMessageContaining("GPU '0' is held by instance 'rival-1'");
        client.remove(rival);
        docker.release(docker.start(docker.request(spec(GpuRequest.count(1)), 0)));
      }
    }
  }

  /** Sets back the daemon's clock in what it says of itself and of its containers. */
  private static boolean behindBy(Duration slow, DaemonProxy.Call call) throws IOException {
    if (call.is("GET", "/info")) {
      String time = "\"SystemTime\":\"" + Instant.now().minus(slow) + "\"";
      return call.answer(call.forward().replace("\"SystemTime\":\"[^\"]*\"", m -> time));
    }
    if (call.is("GET", "/containers/json")) {
      return call.answer(
          call.forward()
              .replace(
                  "(?<=\"Created\":)\\d+",
                  m -> String.valueOf(Long.parseLong(m.group()) - slow.toSeconds())));
    }
    return false;
  }

  @Test
  void sharedMemory_ofAGpuInstance_isLargeUnlessTheDeploymentSays() {
    try (ProviderFixture docker =
        ProviderFixture.open(b -> b.gpus("0").ulimit("nofile", 512, 512))) {
      ProviderInstance instance = docker.start(docker.request(spec(GpuRequest.count(1)), 0));
      try (DaemonClient client = TestDaemon.client()) {
        var host = client.inspect("autodeploy-" + docker.owner + "-gpu-0").getHostConfig();
        assertThat(host.getShmSize()).isEqualTo(8L << 30);
        assertThat(host.getUlimits()).hasSize(1);
        DeviceRequest request = host.getDeviceRequests().get(0);
        assertThat(request.getDeviceIds()).containsExactly("0");
        assertThat(request.getCapabilities()).containsExactly(List.of("gpu", "compute", "utility"));
      }
      docker.release(instance);
    }
  }

  @Test
  void request_thatTheContainerDoesNotShow_failsTheStart() {
    try (ProviderFixture docker =
        ProviderFixture.open(
            b ->
                b.gpus("0")
                    .customizer(
                        cmd -> {
                          cmd.getHostConfig().withDeviceRequests(List.of());
                          return cmd;
                        }))) {
      assertThatThrownBy(() -> docker.start(docker.request(spec(GpuRequest.count(1)), 0)))
          .isInstanceOf(InstanceStartException.class)
          .hasMessageContaining("without the GPUs");
      assertThat(docker.list()).isEmpty();
    }
  }

  @Test
  void devices_thatTheDaemonDiscoversByCdi_reachTheContainer() {
    try (ProviderFixture docker = ProviderFixture.open()) {
      List<String> discovered =
          docker.provider.containers().host().daemon().cdiDevices("nvidia.com/gpu");
      assumeFalse(discovered.isEmpty(), "this daemon has discovered no GPUs by CDI");
      ProviderInstance instance = docker.start(docker.request(spec(GpuRequest.count(1)), 0));
      try (DaemonClient client = TestDaemon.client()) {
        DeviceRequest request =
            client
                .inspect("autodeploy-" + docker.owner + "-gpu-0")
                .getHostConfig()
                .getDeviceRequests()
                .get(0);
        assertThat(request.getDriver()).isEqualTo("cdi");
        assertThat(request.getDeviceIds()).containsExactly(discovered.get(0));
      }
      docker.release(instance);
    }
  }

  @Test
  void nvidiaSmi_withSlicedCards_listsTheSlices() {
    List<Gpu> gpus =
        NvidiaSmi.parse(
            List.of(
                "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5ba0d6-d33d-2b2c-524d-9e3d8d2b8a77)",
                "  MIG 1g.5gb      Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)",
                "  MIG 1g.5gb      Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)",
                "GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-eb79b1e4-1111-2b2c-524d-9e3d8d2b8a77)"));
    assertThat(gpus)
        .extracting(Gpu::id)
        .containsExactly(
            "MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f",
            "MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb",
            "GPU-eb79b1e4-1111-2b2c-524d-9e3d8d2b8a77");
    assertThat(gpus.get(1).isKnownBy("0:1")).isTrue();
    assertThat(gpus.get(0).model()).isEqualTo("NVIDIA A100-SXM4-40GB MIG 1g.5gb");
  }

  private static String visible(ProviderFixture docker, ProviderInstance instance)
      throws Exception {
    docker.awaitReady(instance, spec(GpuRequest.none()));
    return ProviderFixture.get(instance.endpoint().resolve("/env"))
        .lines()
        .filter(line -> line.startsWith("NVIDIA_VISIBLE_DEVICES="))
        .findFirst()
        .orElse("none");
  }
}
