package dev.autodeploy.testing;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.SleepMode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.ProviderCapacity;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.ReadinessProbe;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.testing.world.SimulatedConnection;
import dev.autodeploy.testing.world.SimulatedMachine;
import dev.autodeploy.testing.world.SimulatedWorld;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A provider whose instances exist in virtual time only, and do what a test plans: start slowly, or
 * not at all, end by themselves, resist their release. It knows the truth about them: which exist,
 * since when, and how many ever existed at once.
 *
 * <pre>{@code
 * SimulatedProvider provider = SimulatedProvider.on(time);
 * provider.plan(InstancePlan.readyAfter(Duration.ofSeconds(40)));
 * provider.planNext(InstancePlan.failing("no GPU is free"));      // the first start only
 * }</pre>
 *
 * <p>An instance answers at an endpoint such as {@code http://127.0.0.1:20000}, where nothing
 * listens; the readiness probe of its deployment is not asked, only its plan.
 *
 * <p>One object serves one engine, as with every provider. {@link #newConnection()} makes another
 * one on the same instances, for a second engine of another owner, and {@link #reconnect()} for the
 * successor of an engine whose process was killed.
 *
 * <p>Not thread-safe, unlike other providers: it is to be used by the thread that moves the {@link
 * ManualTime}, and by the engine on it.
 */
public final class SimulatedProvider implements InstanceProvider {
  private final SimulatedWorld world;
  private final SimulatedConnection connection;

  private SimulatedProvider(SimulatedWorld world, SimulatedConnection connection) {
    this.world = world;
    this.connection = connection;
  }

  /**
   * Returns a provider on which nothing exists. Until something else is planned its instances are
   * ready at once, live on, and are gone as soon as they are released.
   *
   * @param time the time in which its instances live
   * @return the provider
   */
  public static SimulatedProvider on(ManualTime time) {
    requireNonNull(time, "time");
    SimulatedWorld world = new SimulatedWorld(time, time, time);
    return new SimulatedProvider(world, new SimulatedConnection(world));
  }

  /**
   * Plans all instances that are started from now on.
   *
   * @param plan what each of them does
   */
  public void plan(InstancePlan plan) {
    requireNonNull(plan, "plan");
    world.plans = request -> plan.life;
  }

  /**
   * Plans the instances that are started next, one each; the general plan holds for those after.
   *
   * @param plans what they do, in the order of their starts
   */
  public void planNext(InstancePlan... plans) {
    for (InstancePlan plan : List.of(plans)) {
      world.nextPlans.add(plan.life);
    }
  }

  /**
   * Plans every instance when it is started.
   *
   * @param planner gives the plan for a start
   */
  public void planBy(Function<StartRequest, InstancePlan> planner) {
    requireNonNull(planner, "planner");
    world.plans = request -> planner.apply(request).life;
  }

  /**
   * Makes {@link #list} slow.
   *
   * @param time how long it takes
   */
  public void listTakes(Duration time) {
    world.listTakes = requireNonNull(time, "time");
  }

  /**
   * Changes what {@link #list} answers, such as to leave something out.
   *
   * @param change gets the true list, and returns what is answered
   */
  public void onList(UnaryOperator<List<ProviderInstance>> change) {
    world.onList = requireNonNull(change, "change");
  }

  /**
   * Gives the provider GPUs, which its instances are given by id. Without it nothing is known of
   * any.
   *
   * @param ids their ids
   */
  public void gpus(String... ids) {
    gpus(Stream.of(ids).map(ProviderCapacity.Gpu::named).toList());
  }

  /**
   * Gives the provider GPUs of which more is known than their ids, such as their memory.
   *
   * @param gpus the GPUs
   */
  public void gpus(List<ProviderCapacity.Gpu> gpus) {
    world.capacity = ProviderCapacity.of(gpus);
  }

  @Override
  public boolean sharesGpusOfSleepers() {
    return true;
  }

  @Override
  public ProviderCapacity capacity() {
    return connection.capacity();
  }

  /**
   * Ends an instance now, as if it had crashed. Nothing happens if it is not up.
   *
   * @param instanceId the instance
   * @param exit how it ends
   * @throws IllegalArgumentException if there never was such an instance
   */
  public void crash(String instanceId, InstanceExit exit) {
    SimulatedMachine machine = world.machines.get(requireNonNull(instanceId, "instanceId"));
    if (machine == null) {
      throw new IllegalArgumentException("there never was an instance " + instanceId);
    }
    machine.exit(requireNonNull(exit, "exit"));
  }

  /**
   * Returns the truth about all instances that ever were, of all owners.
   *
   * @return the instances, in the order of their starts
   */
  public List<SimulatedInstance> instances() {
    return world.machines.values().stream().map(SimulatedProvider::truth).toList();
  }

  /**
   * Returns the instances that exist now, of all owners: being started, running, or ended and not
   * yet removed.
   *
   * @return the instances, in the order of their starts
   */
  public List<SimulatedInstance> existing() {
    return world.existing.values().stream().map(SimulatedProvider::truth).toList();
  }

  /**
   * Returns how many instances of a deployment ever existed at once.
   *
   * @param deployment the deployment's name
   * @return the highest number so far
   */
  public int maxExisting(String deployment) {
    return world.maxExisting(requireNonNull(deployment, "deployment"));
  }

  /**
   * Returns another provider on the same instances, for an engine of another owner.
   *
   * @return the provider, not yet used by any engine
   */
  public SimulatedProvider newConnection() {
    return new SimulatedProvider(world, new SimulatedConnection(world));
  }

  /**
   * Cuts the engine that uses this provider off, as if its process had been killed, and returns
   * another provider on the same instances for its successor. What was under way is carried out,
   * but the old engine never hears of it.
   *
   * @return the provider, not yet used by any engine
   */
  public SimulatedProvider reconnect() {
    return new SimulatedProvider(world, connection.reconnect());
  }

  @Override
  public String name() {
    return connection.name();
  }

  @Override
  public void open(ProviderContext context) {
    connection.open(context);
  }

  @Override
  public CompletionStage<ProviderInstance> start(StartRequest request) {
    return connection.start(request);
  }

  @Override
  public CompletionStage<Void> release(String instanceId, Duration grace) {
    return connection.release(instanceId, grace);
  }

  @Override
  public CompletionStage<List<ProviderInstance>> list(String owner) {
    return connection.list(owner);
  }

  @Override
  public CompletionStage<List<String>> logs(String instanceId, int lines) {
    return connection.logs(instanceId, lines);
  }

  /** Returns whether the plan has the instance ready; the probe is not asked. */
  @Override
  public boolean isReady(ProviderInstance instance, ReadinessProbe probe) {
    return connection.isReady(instance, probe);
  }

  /**
   * Puts an instance to sleep, by any request to a path that begins with {@code /sleep}; wakes it,
   * by any other that is no GET; or says whether it sleeps, as vLLM does, by a GET.
   */
  @Override
  public CompletionStage<String> call(ProviderInstance instance, SleepMode.Request request) {
    return connection.call(instance, request);
  }

  /** Lets an instance outlive the engine, without a limit of time. */
  @Override
  public CompletionStage<Void> detach(String instanceId) {
    return connection.detach(instanceId);
  }

  /** Ends the use by the engine; its instances that were not left vanish. */
  @Override
  public void close() {
    connection.close();
  }

  private static SimulatedInstance truth(SimulatedMachine machine) {
    return new SimulatedInstance(
        machine.request.instanceId(),
        machine.request.owner(),
        machine.request.deployment(),
        machine.request.slot(),
        Duration.ofNanos(machine.startedAt),
        duration(machine.upAt),
        duration(machine.releaseAskedAt),
        machine.exit,
        duration(machine.exitedAt),
        duration(machine.goneAt),
        duration(machine.releaseConfirmedAt),
        machine.releases);
  }

  private static @Nullable Duration duration(long nanos) {
    return nanos == SimulatedMachine.NEVER ? null : Duration.ofNanos(nanos);
  }
}
