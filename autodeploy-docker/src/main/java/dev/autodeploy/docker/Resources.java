package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectImageResponse;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.Mount;
import dev.autodeploy.spi.InstanceObserver;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The images, volumes and networks that the deployments of an engine need: holds them, and tells
 * what is missing as soon as Docker says that something was removed. Thread-safe.
 */
final class Resources implements EventWatch.Receiver {
  private static final long PAUSE_MILLIS = 200;

  private final DockerHost host;
  private final DockerThreads threads;
  private final Holders holders;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicBoolean due = new AtomicBoolean();

  // Guarded by the lock.
  private List<DeploymentSpec> specs = List.of();
  private boolean lasting;
  private boolean closed;

  /** The resources that each deployment once found: only what was there can be gone. */
  private final Map<String, Set<String>> seen = new HashMap<>();

  private volatile String owner = "";
  private volatile @Nullable InstanceObserver observer;
  private volatile @Nullable EventWatch events;

  Resources(DockerHost host, DockerThreads threads, ImageShells shells) {
    this.host = host;
    this.threads = threads;
    this.holders = new Holders(host, shells);
  }

  void open(String anOwner, InstanceObserver told) {
    owner = anOwner;
    observer = told;
  }

  /** Notes the deployments, holds what they need and tells what is missing. */
  void keep(Collection<DeploymentSpec> deployments, boolean outlive) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      specs = List.copyOf(deployments);
      lasting = outlive;
      if (events == null && !specs.isEmpty() && !closed) {
        EventWatch opened = EventWatch.ofResources(host.client(), this);
        events = opened;
        opened.start();
      }
      look();
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of an image that is to be deleted. */
  void letGo(String image) {
    InspectImageResponse found = host.client().findImage(image);
    if (found != null && found.getId() != null) {
      holders.letGo(owner, found.getId());
    }
  }

  /** Looks again soon: something has changed. */
  void changed() {
    if (due.compareAndSet(false, true)) {
      DockerThreads.quietly(
          () -> {
            var unused =
                threads
                    .timers()
                    .schedule(
                        () -> threads.submit(this::again), PAUSE_MILLIS, TimeUnit.MILLISECONDS);
          });
    }
  }

  private void again() {
    due.set(false);
    lock.lock();
    try {
      look();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void opened() {
    changed();
  }

  @Override
  public void happened(String action, String id, String instanceId) {
    changed();
  }

  void close() {
    EventWatch open = events;
    if (open != null) {
      open.close();
    }
    lock.lock();
    try {
      closed = true;
      if (!owner.isEmpty() && !specs.isEmpty()) {
        if (lasting) {
          holders.end(owner);
        } else {
          holders.bring(owner, List.of());
        }
      }
    } catch (DockerDaemonException e) {
      // The next engine of the owner finds them, or they end by themselves.
    } finally {
      lock.unlock();
    }
  }

  private void look() {
    if (closed || owner.isEmpty()) {
      return;
    }
    Set<String> volumes = host.client().volumes();
    Set<String> networks =
        host.client().networks().stream().map(n -> n.getName()).collect(Collectors.toSet());
    Map<String, @Nullable String> imageIds = new HashMap<>();
    Map<String, Holders.Wanted> wanted = new TreeMap<>();
    TreeSet<String> withoutImage = new TreeSet<>();
    Map<String, @Nullable String> degraded = new LinkedHashMap<>();
    seen.keySet().retainAll(specs.stream().map(DeploymentSpec::name).collect(Collectors.toSet()));
    for (DeploymentSpec spec : specs) {
      Set<String> known = seen.computeIfAbsent(spec.name(), name -> new HashSet<>());
      List<String> missing = new ArrayList<>();
      String image = ContainerStart.image(spec);
      if (!imageIds.containsKey(image)) {
        InspectImageResponse found = host.client().findImage(image);
        imageIds.put(image, found == null ? null : found.getId());
      }
      String id = imageIds.get(image);
      if (id != null) {
        known.add("image " + image);
        wanted.computeIfAbsent(id, Holders.Wanted::new);
      } else {
        String words = missingImage(spec, image, known);
        if (words != null) {
          missing.add(words);
        }
      }
      for (Mount mount : spec.mounts()) {
        if (mount.source().startsWith("/")) {
          continue;
        }
        if (volumes.contains(mount.source())) {
          known.add("volume " + mount.source());
          if (id != null) {
            wanted.computeIfAbsent(id, Holders.Wanted::new).volumes().add(mount.source());
          } else {
            withoutImage.add(mount.source());
          }
        } else if (known.contains("volume " + mount.source())) {
          missing.add(
              "volume '"
                  + mount.source()
                  + "' was removed with what was in it: the next start begins with an empty one");
        }
      }
      String network = host.reach().network();
      if (Holders.isUserDefined(network) && !networks.contains(network)) {
        missing.add(
            "there is no network '"
                + network
                + "': starts fail until 'docker network create "
                + network
                + "'");
      }
      degraded.put(spec.name(), missing.isEmpty() ? null : String.join("; ", missing));
    }
    // Until its own image is there a volume is held by another's, if there is any.
    wanted.values().stream().findFirst().ifPresent(any -> any.volumes().addAll(withoutImage));
    InstanceObserver told = observer;
    if (told != null) {
      degraded.forEach(told::degraded);
    }
    if (host.settings().containers().keepResources() || specs.isEmpty()) {
      holders.bring(owner, List.copyOf(wanted.values()));
    }
  }

  private @Nullable String missingImage(DeploymentSpec spec, String image, Set<String> known) {
    if (spec.snapshot() != null && Snapshots.isLocal(spec.snapshot())) {
      return "there is no snapshot '"
          + spec.snapshot()
          + "' on the Docker host: starts fail until the deployment names another one, or an image";
    }
    if (host.settings().pulling().policy() == PullPolicy.NEVER) {
      return "image "
          + image
          + " is not on the Docker host, and pullPolicy is NEVER: starts fail until it is there";
    }
    return known.contains("image " + image)
        ? "image " + image + " was removed from the Docker host: the next start pulls it again"
        : null;
  }
}
