package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.internal.wire.WireJson;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The deployments that the leader has told a follower of, in its order. Thread-safe. */
final class Directory {
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private final Map<String, Known> all = new LinkedHashMap<>();
  private Set<String> told = new HashSet<>();
  private boolean complete;

  /**
   * A deployment as the leader has it.
   *
   * @param spec its specification
   * @param createdAt when it was made
   */
  record Known(DeploymentSpec spec, Instant createdAt) {}

  /** Begins again, as another leader tells of its deployments from now on. */
  void begins() {
    lock.lock();
    try {
      told = new HashSet<>();
      complete = false;
    } finally {
      lock.unlock();
    }
  }

  /** Takes what the leader says of a deployment, or that it has told of all. */
  void take(JsonNode message) {
    lock.lock();
    try {
      switch (message.path("kind").asText()) {
        case "deployment" -> {
          DeploymentSpec spec = WireJson.read(message.path("spec"), DeploymentSpec.class);
          Instant createdAt = WireJson.read(message.path("createdAt"), Instant.class);
          told.add(spec.name());
          all.put(spec.name(), new Known(spec, createdAt));
        }
        case "removed" -> all.remove(message.path("deployment").asText());
        default -> {
          if (!complete) {
            all.keySet().retainAll(told);
            complete = true;
          }
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a leader has told of all deployments that it has. */
  boolean isComplete() {
    lock.lock();
    try {
      return complete;
    } finally {
      lock.unlock();
    }
  }

  @Nullable Known find(String name) {
    lock.lock();
    try {
      return all.get(name);
    } finally {
      lock.unlock();
    }
  }

  List<Known> all() {
    lock.lock();
    try {
      return List.copyOf(all.values());
    } finally {
      lock.unlock();
    }
  }
}
