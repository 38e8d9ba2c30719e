package dev.autodeploy.internal.engine;

import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.internal.ledger.LedgerWriter;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.EventDispatcher;
import dev.autodeploy.internal.runtime.LoggingListener;
import dev.autodeploy.internal.runtime.ProviderGate;
import dev.autodeploy.internal.util.Errors;
import dev.autodeploy.internal.util.SystemScheduler;
import dev.autodeploy.internal.util.Threads;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StateStore;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The resources that an engine runs on: made where the host did not hand it in, and then closed
 * with the engine, in the opposite order. Provider and store belong to the engine in any case.
 */
final class EngineResources {
  private static final Logger LOG = LoggerFactory.getLogger(EngineResources.class);

  private final EngineConfig config;
  private final ProviderGate provider;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final Scheduler scheduler;
  private final Executor providerExecutor;
  private final Executor callbackExecutor;
  private final RandomGenerator random;
  private volatile @Nullable Thread hook;

  EngineResources(EngineConfig config) {
    this.config = config;
    StateStore store = config.store();
    owned.add(store);
    this.random = config.random() != null ? config.random() : new SecureRandom();
    this.scheduler = config.scheduler() != null ? config.scheduler() : ownScheduler();
    Executor forProvider = config.providerExecutor();
    Executor forCallbacks = config.callbackExecutor();
    this.providerExecutor =
        withFallback(
            forProvider != null ? forProvider : owned(Threads.perTask("provider")), Runnable::run);
    // On the calling thread, a callback that blocks could block the effect that it waits for.
    this.callbackExecutor =
        withFallback(
            forCallbacks != null ? forCallbacks : owned(Threads.perBurst("callback")),
            Threads.fallback());
    Leadership leadership = config.leadership();
    provider =
        new ProviderGate(
            config.provider(), () -> leadership.mayAct() && !store.isTakenOver(), config.epoch());
    owned.add(provider);
  }

  EngineServices services(String owner) {
    List<DeploymentListener> listeners = new ArrayList<>();
    listeners.add(new LoggingListener());
    listeners.addAll(config.listeners());
    return EngineServices.of(
        owner,
        provider,
        config.idlePolicy(),
        config.costMeter(),
        new LedgerWriter(config.store()),
        new EventDispatcher(callbackExecutor, listeners),
        config.ticker(),
        config.clock(),
        scheduler,
        providerExecutor,
        callbackExecutor);
  }

  /** Returns the provider, for as long as the engine is open. */
  ProviderGate provider() {
    return provider;
  }

  /** Returns what the engine may do, as far as other engines go. */
  Leadership leadership() {
    return config.leadership();
  }

  RandomGenerator random() {
    return random;
  }

  private Scheduler ownScheduler() {
    SystemScheduler own = new SystemScheduler();
    owned.add(own::close);
    return own;
  }

  private Executor owned(ExecutorService own) {
    owned.add(own::shutdown);
    return own;
  }

  /**
   * Returns an executor that hands to another one what the first refuses, whatever it throws: a
   * lease that is not handed over, an answer that is not given or a release that is not asked for
   * would be lost for good.
   */
  private static Executor withFallback(Executor executor, Executor fallback) {
    return task -> {
      AtomicBoolean begun = new AtomicBoolean();
      try {
        executor.execute(
            () -> {
              if (begun.compareAndSet(false, true)) {
                task.run();
              }
            });
      } catch (RuntimeException | Error e) {
        if (begun.compareAndSet(false, true)) {
          fallback.execute(task);
        } else {
          LOG.warn("An executor failed after it had run a task", e);
        }
      }
    };
  }

  void closeOnShutdown(Runnable close) {
    if (config.releaseOnShutdown()) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  close.run();
                } catch (RuntimeException e) {
                  LOG.error("The engine could not be closed when the process ended", e);
                }
              },
              "autodeploy-shutdown-0");
      Runtime.getRuntime().addShutdownHook(thread);
      hook = thread;
    }
  }

  /**
   * Closes everything.
   *
   * @param failure what went wrong before, or null
   * @return that, or the first thing that goes wrong here, with the others suppressed in it
   */
  @Nullable Throwable close(@Nullable Throwable failure) {
    Throwable first = failure;
    for (int i = owned.size() - 1; i >= 0; i--) {
      try {
        owned.get(i).close();
      } catch (Exception | Error e) {
        first = Errors.first(first, e);
      }
    }
    removeHook();
    return first;
  }

  private void removeHook() {
    Thread thread = hook;
    if (thread != null && thread != Thread.currentThread()) {
      try {
        Runtime.getRuntime().removeShutdownHook(thread);
      } catch (IllegalStateException e) {
        LOG.debug("The process is ending; the hook stays");
      }
    }
  }
}
