package dev.autodeploy.internal.cluster;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.spi.InstanceProvider;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The provider of a replica's next engine: a new one for each. Thread-safe. */
final class NextProvider {
  private final Supplier<? extends InstanceProvider> providers;
  private final ReentrantLock lock = new ReentrantLock();

  // Guarded by the lock.
  private InstanceProvider provider;
  private boolean used;

  NextProvider(Supplier<? extends InstanceProvider> providers) {
    this.providers = providers;
    this.provider = providers.get();
  }

  String name() {
    return current().name();
  }

  void validate(DeploymentSpec spec) {
    current().validate(spec);
  }

  /** Returns a provider that no engine has had, which the caller's then has. */
  InstanceProvider take() {
    lock.lock();
    try {
      if (used) {
        provider = providers.get();
      }
      used = true;
      return provider;
    } finally {
      lock.unlock();
    }
  }

  /** Closes the provider that no engine has had, at the end. */
  void closeIfUnused() {
    boolean unused;
    lock.lock();
    try {
      unused = !used;
      used = true;
    } finally {
      lock.unlock();
    }
    if (unused) {
      current().close();
    }
  }

  private InstanceProvider current() {
    lock.lock();
    try {
      return provider;
    } finally {
      lock.unlock();
    }
  }
}
