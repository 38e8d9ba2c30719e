package dev.autodeploy.internal.engine;

import dev.autodeploy.event.DeploymentListener;
import dev.autodeploy.spi.CostMeter;
import dev.autodeploy.spi.IdlePolicy;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.Scheduler;
import dev.autodeploy.spi.StateStore;
import dev.autodeploy.spi.Ticker;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The settings of an engine, as its builder collected them; null means the default.
 *
 * @param provider where instances run
 * @param owner under which they are labelled
 * @param idlePolicy for deployments without their own
 * @param costMeter for deployments without their own price
 * @param store where state is kept
 * @param listeners who gets events from the first one on
 * @param ticker for durations
 * @param clock for records
 * @param scheduler for timers
 * @param providerExecutor for provider calls and probes
 * @param callbackExecutor for listeners and waiting callers
 * @param random for ids and random routes
 * @param drainTimeout how long closing lets open leases finish
 * @param releaseTimeout how long closing then waits for releases
 * @param keepInstances whether closing leaves ready instances running
 * @param releaseOnShutdown whether to close when the process ends
 */
public record EngineConfig(
    InstanceProvider provider,
    @Nullable String owner,
    IdlePolicy idlePolicy,
    CostMeter costMeter,
    StateStore store,
    List<DeploymentListener> listeners,
    Ticker ticker,
    InstantSource clock,
    @Nullable Scheduler scheduler,
    @Nullable Executor providerExecutor,
    @Nullable Executor callbackExecutor,
    @Nullable RandomGenerator random,
    Duration drainTimeout,
    Duration releaseTimeout,
    boolean keepInstances,
    boolean releaseOnShutdown) {}
