package dev.autodeploy.kubernetes;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A kubelet that runs pods as local processes with an address of the loopback network each, and
 * reports their states as a real one does. Images whose name is in {@link #scripts} come to
 * something else.
 */
final class FakeKubelet implements AutoCloseable {
  static final String FINALIZER = "autodeploy.test/kubelet";

  /** The fate of a pod with some image, instead of a process. */
  final Map<String, UnaryOperator<PodStatus>> scripts = new ConcurrentHashMap<>();

  /** True if pods that have ended stay until {@link #collect}, as on a slow node. */
  volatile boolean slow;

  /** True if the node answers nobody any longer. */
  volatile boolean lost;

  /** No two pods of a process share one, nor, as far as can be, those of two processes. */
  private static final AtomicInteger ADDRESSES = new AtomicInteger();

  private static final int NETWORK = (int) (ProcessHandle.current().pid() % 200);

  private final ReentrantLock changes = new ReentrantLock();
  private final KubernetesClient client;
  private final Path directory;
  private final List<Event> events;
  private final Map<String, Running> pods = new ConcurrentHashMap<>();
  private final ExecutorService workers =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "fake-kubelet");
            thread.setDaemon(true);
            return thread;
          });

  FakeKubelet(KubernetesClient client, Path directory, List<Event> events) {
    this.client = client;
    this.directory = directory;
    this.events = events;
  }

  private static final class Running {
    final Pod pod;
    final Path home;
    final String ip;
    volatile @Nullable Process process;
    volatile boolean deleted;
    final AtomicInteger restarts = new AtomicInteger();

    Running(Pod pod, Path home, String ip) {
      this.pod = pod;
      this.home = home;
      this.ip = ip;
    }
  }

  void run(Pod pod) {
    String name = pod.getMetadata().getName();
    int number = ADDRESSES.getAndIncrement();
    Running running =
        new Running(
            pod,
            directory.resolve(name),
            "127." + (20 + NETWORK) + "." + number / 250 + "." + (2 + number % 250));
    pods.put(name, running);
    workers.execute(() -> begin(running));
  }

  private void begin(Running running) {
    try {
      Container container = running.pod.getSpec().getContainers().get(0);
      UnaryOperator<PodStatus> script = scripts.get(container.getImage());
      if (script != null) {
        status(running, script.apply(new PodStatus()));
        return;
      }
      Files.createDirectories(running.home);
      event(running.pod, "Scheduled", "Successfully assigned it to fake-node");
      ProcessBuilder process = process(running, container);
      synchronized (running) {
        if (running.deleted) {
          return;
        }
        running.process = process.start();
      }
      status(running, withState("Running", running.ip, started()));
      workers.execute(() -> end(running));
    } catch (AssertionError e) {
      status(running, waiting("CreateContainerConfigError", String.valueOf(e.getMessage())));
    } catch (RejectedExecutionException e) {
      // The test is over.
    } catch (IOException e) {
      status(running, waiting("CreateContainerError", String.valueOf(e.getMessage())));
    }
  }

  private ProcessBuilder process(Running running, Container container) throws IOException {
    List<String> line = new ArrayList<>();
    String beats = running.home.resolve("beats").toString();
    Files.createDirectories(Path.of(beats));
    for (String word : container.getCommand()) {
      line.add(word.replace(PodMaker.HEARTBEAT_DIRECTORY, beats).replace("$$", "$"));
    }
    container.getArgs().forEach(word -> line.add(word.replace("$$", "$")));
    ProcessBuilder builder =
        new ProcessBuilder(line)
            .directory(running.home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(running.home.resolve("log").toFile());
    Map<String, String> environment = builder.environment();
    environment.put("POD_IP", running.ip);
    container.getEnv().forEach(it -> environment.put(it.getName(), it.getValue()));
    container
        .getEnvFrom()
        .forEach(
            from -> {
              Secret secret =
                  client
                      .secrets()
                      .inNamespace(FakeCluster.NAMESPACE)
                      .withName(from.getSecretRef().getName())
                      .get();
              if (secret == null) {
                throw new AssertionError("no Secret " + from.getSecretRef().getName());
              }
              Map<String, String> encoded = secret.getData();
              if (encoded != null) {
                encoded.forEach(
                    (key, value) ->
                        environment.put(
                            key,
                            new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8)));
              }
              if (secret.getStringData() != null) {
                environment.putAll(secret.getStringData());
              }
            });
    syncBeats(running);
    return builder;
  }

  /** Brings the heartbeats to the pods, which a real kubelet does in its own time. */
  void syncBeats() {
    pods.values().forEach(this::syncBeats);
  }

  private void syncBeats(Running running) {
    running.pod.getSpec().getVolumes().stream()
        .filter(it -> it.getConfigMap() != null)
        .forEach(
            volume -> {
              ConfigMap map =
                  client
                      .configMaps()
                      .inNamespace(FakeCluster.NAMESPACE)
                      .withName(volume.getConfigMap().getName())
                      .get();
              try {
                Files.writeString(
                    running.home.resolve("beats").resolve(OwnerHeartbeat.KEY),
                    OwnerHeartbeat.beatOf(map));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
  }

  private void end(Running running) {
    Process process = running.process;
    if (process == null) {
      return;
    }
    try {
      int code = process.waitFor();
      if (lost) {
        return;
      }
      if ("Always".equals(running.pod.getSpec().getRestartPolicy()) && !running.deleted) {
        restart(running, code);
        return;
      }
      status(
          running,
          withState(code == 0 ? "Succeeded" : "Failed", running.ip, terminated(code, "Error")));
      if (running.deleted && !slow) {
        collect(running);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The first time at once, as a real one does, so that nobody sees the container ended. */
  private void restart(Running running, int code) throws InterruptedException {
    ContainerState last = terminated(code, "Error");
    int restarts = running.restarts.incrementAndGet();
    if (restarts > 1) {
      status(
          running,
          restarted(
              running, waiting("CrashLoopBackOff", "back-off restarting failed container"), last));
      TimeUnit.MILLISECONDS.sleep(500);
    }
    try {
      Files.move(
          running.home.resolve("log"),
          running.home.resolve("log.previous"),
          StandardCopyOption.REPLACE_EXISTING);
      ProcessBuilder again = process(running, running.pod.getSpec().getContainers().get(0));
      synchronized (running) {
        if (running.deleted) {
          collect(running);
          return;
        }
        running.process = again.start();
      }
      status(running, restarted(running, withState("Running", running.ip, started()), last));
      workers.execute(() -> end(running));
    } catch (IOException e) {
      status(running, waiting("CreateContainerError", String.valueOf(e.getMessage())));
    }
  }

  private static PodStatus restarted(Running running, PodStatus now, ContainerState last) {
    return new PodStatusBuilder(now)
        .withPodIP(running.ip)
        .editFirstContainerStatus()
        .withRestartCount(running.restarts.get())
        .withLastState(last)
        .endContainerStatus()
        .build();
  }

  void delete(String name, long seconds) {
    Running running = pods.get(name);
    if (running == null || lost) {
      return;
    }
    Process process;
    synchronized (running) {
      running.deleted = true;
      process = running.process;
    }
    if (process == null || !process.isAlive()) {
      if (!slow || process == null) {
        workers.execute(() -> collect(running));
      }
      return;
    }
    process.destroy();
    workers.execute(
        () -> {
          try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
              kill(process);
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private static void kill(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Ends a pod's process as a crash would. */
  boolean crash(String name) {
    Running running = pods.get(name);
    if (running == null || running.process == null) {
      return false;
    }
    kill(running.process);
    return true;
  }

  /** Lets the objects go of pods that have ended. */
  void collect() {
    pods.values().stream().filter(it -> it.deleted).forEach(this::collect);
  }

  private void collect(Running running) {
    String name = running.pod.getMetadata().getName();
    changes.lock();
    try {
      client
          .pods()
          .inNamespace(FakeCluster.NAMESPACE)
          .withName(name)
          .edit(pod -> new PodBuilder(pod).editMetadata().withFinalizers().endMetadata().build());
    } catch (KubernetesClientException | NullPointerException e) {
      // Somebody else was first.
    } finally {
      changes.unlock();
    }
  }

  void status(String name, PodStatus status) {
    Running running = pods.get(name);
    if (running == null) {
      throw new AssertionError("no pod " + name);
    }
    status(running, status);
  }

  private void status(Running running, PodStatus status) {
    changes.lock();
    try {
      client
          .pods()
          .inNamespace(FakeCluster.NAMESPACE)
          .withName(running.pod.getMetadata().getName())
          .editStatus(pod -> new PodBuilder(pod).withStatus(status).build());
    } catch (KubernetesClientException | NullPointerException e) {
      // It is gone.
    } finally {
      changes.unlock();
    }
  }

  void event(Pod pod, String reason, String message) {
    events.add(
        new EventBuilder()
            .withNewMetadata()
            .withName(pod.getMetadata().getName() + "-" + events.size())
            .endMetadata()
            .withNewInvolvedObject()
            .withUid(pod.getMetadata().getUid())
            .endInvolvedObject()
            .withReason(reason)
            .withMessage(message)
            .build());
  }

  @Nullable String log(String name, String query) {
    Running running = pods.get(name);
    if (running == null || running.process == null) {
      return null;
    }
    try {
      List<String> lines =
          Files.readAllLines(
              running.home.resolve(query.contains("previous=true") ? "log.previous" : "log"));
      Matcher tail = Pattern.compile("tailLines=(\\d+)").matcher(query);
      int from = tail.find() ? Math.max(0, lines.size() - Integer.parseInt(tail.group(1))) : 0;
      String text = String.join("\n", lines.subList(from, lines.size())) + "\n";
      Matcher limit = Pattern.compile("limitBytes=(\\d+)").matcher(query);
      return limit.find() && text.length() > Integer.parseInt(limit.group(1))
          ? text.substring(0, Integer.parseInt(limit.group(1)))
          : text;
    } catch (IOException e) {
      return "";
    }
  }

  static PodStatus withState(String phase, @Nullable String ip, ContainerState state) {
    return new PodStatusBuilder()
        .withPhase(phase)
        .withPodIP(ip)
        .withHostIP("127.0.0.1")
        .withContainerStatuses(
            new ContainerStatusBuilder()
                .withName(PodMaker.CONTAINER)
                .withRestartCount(0)
                .withReady(state.getRunning() != null)
                .withState(state)
                .build())
        .addNewCondition()
        .withType("Ready")
        .withStatus(state.getRunning() != null ? "True" : "False")
        .endCondition()
        .build();
  }

  /** Adds a container that goes on running. */
  static PodStatus withSidecar(PodStatus status) {
    return new PodStatusBuilder(status)
        .addNewContainerStatus()
        .withName("sidecar")
        .withReady(true)
        .withState(started())
        .endContainerStatus()
        .build();
  }

  static ContainerState started() {
    return new ContainerStateBuilder()
        .withNewRunning()
        .withStartedAt(Instant.now().toString())
        .endRunning()
        .build();
  }

  static ContainerState terminated(int code, String reason) {
    return new ContainerStateBuilder()
        .withNewTerminated()
        .withExitCode(code)
        .withReason(code == 0 ? "Completed" : reason)
        .withFinishedAt(Instant.now().toString())
        .endTerminated()
        .build();
  }

  static PodStatus waiting(String reason, String message) {
    return withState(
        "Pending",
        null,
        new ContainerStateBuilder()
            .withNewWaiting()
            .withReason(reason)
            .withMessage(message)
            .endWaiting()
            .build());
  }

  @Override
  public void close() {
    for (Running running : pods.values()) {
      Process process = running.process;
      if (process != null) {
        kill(process);
      }
    }
    workers.shutdownNow();
  }
}
