package dev.autodeploy.kubernetes;

import dev.autodeploy.internal.util.Durations;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.StartProgress;
import dev.autodeploy.spi.StartProgress.Phase;
import dev.autodeploy.spi.StartRequest;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The wait for the pod of one start, from when there is one until it is up. Ends with the address,
 * or with the reason why there will be none; of use to one thread.
 */
final class PodArrival {
  private static final Logger LOG = LoggerFactory.getLogger(PodArrival.class);

  /** The time between two looks at a pod of which nothing is heard. */
  static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** The time between two knocks at the port of a pod that has an address. */
  private static final long KNOCK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private static final int KNOCK_MILLIS = 50;

  private static final String WAITING_FOR_A_NODE = "waiting for a node";
  private static final String INITIALIZING = "initializing";

  /** The time for which a pod that cannot be placed yet may be placed after all. */
  private static final Duration LEAST_PLACING = Duration.ofSeconds(2);

  /**
   * The services that it uses.
   *
   * @param ends who is told how far it is
   * @param events the cluster's events
   * @param reach how pods are reached
   * @param limits how long it may take
   */
  record Services(PodEnds ends, PodEvents events, Reach reach, KubernetesSettings.Arrival limits) {}

  /** The stages of a pod that is not up yet; each has a deadline of its own. */
  private enum Stage {
    /** Its container is to be made: volumes, network. */
    CREATION,
    /** Its image is on its way, or may be, as nobody says. */
    PULL,
    /** A node with room, for which the pod waits as long as a start may take. */
    PLACING,
    /** Containers that run before its own: a part of the start, which the engine limits. */
    INITIALIZATION
  }

  private final StartRequest request;
  private final TrackedPod instance;
  private final Supplier<@Nullable Pod> find;
  private final Runnable cancelled;
  private final Services services;
  private String lastProgress = "";
  private Stage stage = Stage.CREATION;
  private long stageSeen = System.nanoTime();
  private long creation;
  private long pull;
  private boolean pulling;
  private String lastWords = "no node has it yet";

  /**
   * Makes one.
   *
   * @param find asks the API server for the pod
   * @param cancelled throws if the start has been cancelled
   */
  PodArrival(
      StartRequest request,
      TrackedPod instance,
      Supplier<@Nullable Pod> find,
      Runnable cancelled,
      Services services) {
    this.request = request;
    this.instance = instance;
    this.find = find;
    this.cancelled = cancelled;
    this.services = services;
  }

  /** Waits until the service's container runs, or its port answers, and returns its address. */
  URI await(Pod made) throws InterruptedException {
    long heard = System.nanoTime();
    long unplacedSince = 0;
    boolean direct = services.reach().isDirect();
    while (true) {
      cancelled.run();
      long version = instance.version();
      Pod pod = instance.pod();
      if (pod == null) {
        throw new InstanceStartException(
            PodState.DELETED + " before it was up", InstanceExit.unknown(PodState.DELETED), null);
      }
      PodState state = instance.state(pod);
      checkNotFailed(pod, state);
      enter(stage(state));
      boolean knocks = direct && state.ip() != null;
      if (state.ip() != null
          && (state.isRunning() || (knocks && answers(state.ip(), instance.labels().port())))) {
        if (stageTold(INITIALIZING)) {
          progress("starting", "on " + state.node()); // whose time is not the service's own
        }
        return services.reach().endpoint(pod, instance.labels());
      }
      if (isCreationLate()) {
        lookAgain(pod);
      }
      checkInTime();
      String unplaced = state.unschedulable();
      long now = System.nanoTime();
      unplacedSince = unplaced == null ? 0 : unplacedSince == 0 ? now : unplacedSince;
      if (unplaced != null) {
        awaitRoom(unplaced, now - unplacedSince);
      }
      long step = knocks ? KNOCK_NANOS : LOOK_NANOS;
      instance.awaitAfter(version, step);
      if (instance.version() != version) {
        heard = System.nanoTime();
      } else if (System.nanoTime() - heard >= LOOK_NANOS) {
        heard = System.nanoTime();
        tellWhatHappens(pod);
        look(made);
      }
    }
  }

  private void checkNotFailed(Pod pod, PodState state) {
    if (state.hasServiceEnded()) {
      InstanceExit exit = services.ends().exit(state);
      throw new InstanceStartException(
          "the pod ended before it was ready: " + exit.describe(), exit, null);
    }
    String failure = state.failure();
    if (failure != null) {
      if (failure.startsWith("ImagePullBackOff")) {
        String why = PodEvents.problem(services.events().of(pod));
        failure = why == null ? failure : failure + "; " + why;
      }
      throw new InstanceStartException(failure);
    }
  }

  /** Goes on waiting for a node with room, up to the start timeout; then there is none for now. */
  private void awaitRoom(String sentence, long nanos) {
    if (sentence.contains("persistentvolumeclaim") && sentence.contains("not found")) {
      throw new InstanceStartException(
          "the pod mounts a claim that does not exist ("
              + sentence
              + "); make it, or correct the"
              + " mount");
    }
    progress(WAITING_FOR_A_NODE, sentence);
    Duration limit = request.spec().startTimeout();
    Duration longest = limit.compareTo(LEAST_PLACING) < 0 ? LEAST_PLACING : limit;
    if (nanos > longest.toNanos()) {
      throw InstanceStartException.noRoom("no node of the cluster has room: " + sentence);
    }
  }

  private Stage stage(PodState state) {
    if (state.unschedulable() != null) {
      return Stage.PLACING;
    }
    if (state.initializes()) {
      return Stage.INITIALIZATION;
    }
    return pulling ? Stage.PULL : Stage.CREATION;
  }

  /** Counts the time of the stage so far. */
  private void enter(Stage next) {
    long now = System.nanoTime();
    long passed = now - stageSeen;
    stageSeen = now;
    if (stage == Stage.CREATION) {
      creation += passed;
    } else if (stage == Stage.PULL) {
      pull += passed;
    }
    stage = next;
  }

  private boolean isCreationLate() {
    return creation > services.limits().createTimeout().toNanos();
  }

  /** Looks once more at a pod that takes too long: it may be a pull that was not heard of. */
  private void lookAgain(Pod pod) {
    tellWhatHappens(pod);
    if (pulling) {
      pull += creation;
      creation = 0;
      stage = Stage.PULL;
    }
  }

  /** Ends a start that has been in one of its stages for too long. */
  private void checkInTime() {
    if (isCreationLate()) {
      throw new InstanceStartException(
          "the pod was not made within "
              + Durations.text(services.limits().createTimeout())
              + " (createTimeout): "
              + lastWords);
    }
    Duration pullTimeout = services.limits().pullTimeout();
    if (pull > pullTimeout.toNanos()) {
      throw new InstanceStartException(
          "the image was not pulled within " + Durations.text(pullTimeout) + " (pullTimeout)");
    }
  }

  /** There is no pod yet; ends the start where that is so for too long. */
  void awaitsPod(String words) {
    lastWords = words;
    enter(Stage.CREATION);
    checkInTime();
  }

  /** Reports the pull of the image, and what is tried again and again. */
  private void tellWhatHappens(Pod pod) {
    if (stage == Stage.PLACING) {
      return;
    }
    String node = instance.state(pod).node();
    if (stage == Stage.INITIALIZATION) {
      progress(INITIALIZING, "on " + node);
      return;
    }
    List<Event> events = services.events().of(pod);
    String image = PodEvents.pulling(events);
    String problem = PodEvents.problem(events);
    // A pull is older than its events can be, and who may not read them does not know of it.
    // Events expire, after an hour by default: one that was pulling does so until it is told to
    // end.
    pulling =
        image != null
            || (pulling && !PodEvents.hasPulled(events))
            || (events.isEmpty() && !node.isEmpty());
    if (image != null) {
      progress("pulling", request.spec().image() == null ? image : request.spec().image());
    } else if (problem != null) {
      lastWords = problem;
      progress("starting", problem);
    } else if (!node.isEmpty()) {
      lastWords = "it is on " + node;
      progress("starting", "on " + node);
    }
  }

  /** Asks the API server, in case the informer missed something. */
  private void look(Pod made) {
    try {
      Pod now = find.get();
      if (now == null
          || !String.valueOf(now.getMetadata().getUid())
              .equals(String.valueOf(made.getMetadata().getUid()))) {
        instance.heard(null);
      } else {
        Pod known = instance.pod();
        if (known == null
            || !String.valueOf(known.getMetadata().getResourceVersion())
                .equals(String.valueOf(now.getMetadata().getResourceVersion()))) {
          instance.heard(now);
        }
      }
    } catch (ClusterException e) {
      LOG.debug("{}", e.getMessage()); // asked again; the start timeout is the limit
    }
  }

  /** Knocks once: the service may listen long before the kubelet has told that it runs. */
  private static boolean answers(@Nullable String ip, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(ip, port), KNOCK_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private boolean stageTold(String step) {
    return lastProgress.startsWith(step + " ");
  }

  /** Reports a step, once; placing, pulling and the making of it come before the start itself. */
  void progress(String step, String detail) {
    String words = step + " " + detail;
    if (!words.equals(lastProgress)) {
      lastProgress = words;
      Phase phase =
          switch (step) {
            case "pulling", WAITING_FOR_A_NODE -> Phase.PREPARING;
            case INITIALIZING -> Phase.STARTING;
            default -> Phase.CREATING;
          };
      services.ends().progress(request.instanceId(), new StartProgress(step, detail, 0, 0, phase));
    }
  }
}
