package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.util.Arguments;
import dev.autodeploy.spi.IdlePolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a deployment with their defaults and setters, each of which checks its value: all
 * of {@link DeploymentSpec.Builder} but for {@code build()}. Those of its instances are in {@link
 * InstanceSettings}. Not thread-safe.
 *
 * @param <B> the builder itself
 */
abstract class DeploymentSettings<B extends DeploymentSettings<B>> extends InstanceSettings<B> {

  private static final Duration START_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration RELEASE_GRACE = Duration.ofSeconds(10);
  private static final Duration START_BACKOFF = Duration.ofSeconds(1);
  private static final Duration MAX_START_BACKOFF = Duration.ofMinutes(1);

  String description = "";
  Duration startTimeout = START_TIMEOUT;
  @Nullable Double startTimeoutFactor;
  boolean prepareAhead;
  @Nullable IdlePolicy idlePolicy;
  @Nullable SleepMode sleepMode;
  @Nullable Duration sleepAfter;
  @Nullable Schedule schedule;
  @Nullable Budget budget;
  int minInstances;
  int maxInstances = 1;
  int priority;
  boolean pinned;
  int concurrency = DeploymentSpec.UNLIMITED;
  int maxPending = 1000;
  @Nullable Duration maxRequestTime;
  @Nullable Duration maxLifetime;
  Duration releaseGrace = RELEASE_GRACE;
  Duration startBackoff = START_BACKOFF;
  Duration maxStartBackoff = MAX_START_BACKOFF;
  @Nullable Money pricePerHour;
  boolean preserveHost = true;
  int linkPort;

  DeploymentSettings() {}

  /** A host has many specifications with the same times, and most of them are the defaults. */
  @Override
  B frozen() {
    B frozen = super.frozen();
    frozen.startTimeout = known(startTimeout, START_TIMEOUT);
    frozen.releaseGrace = known(releaseGrace, RELEASE_GRACE);
    frozen.startBackoff = known(startBackoff, START_BACKOFF);
    frozen.maxStartBackoff = known(maxStartBackoff, MAX_START_BACKOFF);
    return frozen;
  }

  private static Duration known(Duration value, Duration standard) {
    return value.equals(standard) ? standard : value;
  }

  /**
   * Sets the description.
   *
   * @param value a short text for people, at most 1000 characters
   * @return this
   */
  public B description(String value) {
    requireNonNull(value, "description");
    if (value.length() > 1000) {
      throw new IllegalArgumentException(
          "description must be 0 to 1000 characters, but was " + value.length() + " characters");
    }
    description = value;
    return self();
  }

  /**
   * Sets how long an instance may take to become ready, from when it is started: what is fetched
   * and made before has times of its own. Default: 10 minutes.
   *
   * @param value 1 millisecond to 24 hours
   * @return this
   */
  public B startTimeout(Duration value) {
    startTimeout =
        Arguments.inRange("startTimeout", value, Duration.ofMillis(1), Duration.ofHours(24));
    return self();
  }

  /**
   * Sets how long an instance may take to become ready by how long its starts take: a multiple of
   * the time that 95 of 100 took no longer than ({@link StartEstimate#p95()}), at least {@code
   * startTimeout}, at most 24 hours. Default: always {@code startTimeout}.
   *
   * @param factor 1 to 100
   * @return this
   */
  public B startTimeoutFactor(double factor) {
    if (!(factor >= 1 && factor <= 100)) {
      throw new IllegalArgumentException("startTimeoutFactor must be 1 to 100, but was " + factor);
    }
    startTimeoutFactor = factor;
    return self();
  }

  /**
   * Sets whether what instances need, such as their image, is fetched when the deployment is made,
   * changed, or found again by an engine, rather than by the first start. Default: no.
   *
   * @param value whether it is, as by {@link Deployment#prepare}
   * @return this
   */
  public B prepareAhead(boolean value) {
    prepareAhead = value;
    return self();
  }

  /**
   * Sets how long an instance is kept without a request. Default: the engine's policy.
   *
   * @param value 0 or longer
   * @return this
   */
  public B idleTimeout(Duration value) {
    return idlePolicy(IdlePolicy.after(value));
  }

  /**
   * Sets when an instance without requests is released. Default: the engine's policy. A policy of
   * your own is not stored with the deployment: deploy it again after a restart.
   *
   * @param policy the policy
   * @return this
   */
  public B idlePolicy(IdlePolicy policy) {
    idlePolicy = requireNonNull(policy, "idlePolicy");
    return self();
  }

  /**
   * Sets how instances are put to sleep and woken: before they are released for want of requests,
   * after {@code sleepAfter}, and in place of a release where another deployment waits for their
   * GPUs. Default: they do not sleep.
   *
   * @param mode the requests for it, or null for none
   * @return this
   */
  public B sleepMode(@Nullable SleepMode mode) {
    sleepMode = mode;
    return self();
  }

  /**
   * Sets how long an instance is kept awake without a request; after the idle timeout, counted from
   * the same moment, it is released. Needs {@code sleepMode}. Default: instances are put to sleep
   * only for others that wait for their GPUs.
   *
   * @param value 1 millisecond or longer, and shorter than the idle timeout; null for the default
   * @return this
   */
  public B sleepAfter(@Nullable Duration value) {
    sleepAfter =
        value == null
            ? null
            : Arguments.inRange("sleepAfter", value, Duration.ofMillis(1), Duration.ofDays(365));
    return self();
  }

  /**
   * Sets when instances are kept warm, when another idle timeout is in force, and when the
   * deployment is closed. Default: no schedule.
   *
   * @param value the schedule; one without windows for none
   * @return this
   */
  public B schedule(Schedule value) {
    schedule = requireNonNull(value, "schedule").windows().isEmpty() ? null : value;
    return self();
  }

  /**
   * Sets the most that the deployment may spend. Default: no budget. Raising it takes effect at
   * once.
   *
   * @param value the budget, or null for none
   * @return this
   */
  public B budget(@Nullable Budget value) {
    budget = value;
    return self();
  }

  /**
   * Sets how many instances are kept even without requests. Default: 0. One that is released, or
   * ends, is replaced.
   *
   * @param value 0 to {@code maxInstances}
   * @return this
   */
  public B minInstances(int value) {
    minInstances = Arguments.inRange("minInstances", value, 0, 1000, " instances");
    return self();
  }

  /**
   * Sets how many instances may exist at once. Default: 1.
   *
   * @param value 1 to 1000
   * @return this
   */
  public B maxInstances(int value) {
    maxInstances = Arguments.inRange("maxInstances", value, 1, 1000, " instances");
    return self();
  }

  /**
   * Sets the priority among deployments that share GPUs: where room is needed and several idle
   * instances could make it, those of the lowest priority go first. It changes nothing about the
   * order in which requests get room. Default: 0.
   *
   * @param value -1000 to 1000
   * @return this
   */
  public B priority(int value) {
    priority = Arguments.inRange("priority", value, -1000, 1000, "");
    return self();
  }

  /**
   * Sets whether instances keep their GPUs although other deployments wait for them; the idle
   * timeout still ends them. Default: false.
   *
   * @param value true to keep them
   * @return this
   */
  public B pinned(boolean value) {
    pinned = value;
    return self();
  }

  /**
   * Sets how many requests one instance serves at once. Default: {@link DeploymentSpec#UNLIMITED}.
   *
   * @param value 1 or more
   * @return this
   */
  public B concurrency(int value) {
    concurrency = Arguments.inRange("concurrency", value, 1, DeploymentSpec.UNLIMITED, " requests");
    return self();
  }

  /**
   * Sets how many requests may wait. Default: 1000. With 0 no request ever starts an instance: a
   * request that cannot be served at once is refused with {@link ErrorCode#QUEUE_FULL}.
   *
   * @param value 0 to 1000000
   * @return this
   */
  public B maxPending(int value) {
    maxPending = Arguments.inRange("maxPending", value, 0, 1_000_000, " requests");
    return self();
  }

  /**
   * Sets how long one request on a link may occupy its instance. One that takes longer is cut: the
   * client gets 504, if the response has not begun, and the instance takes no further request and
   * is replaced when those in flight are over, unless it was the client that let it wait. Streams
   * are requests as well; tunnels, such as WebSockets, are not cut. Default: no limit but those of
   * the links.
   *
   * @param value 1 second to 365 days
   * @return this
   */
  public B maxRequestTime(Duration value) {
    maxRequestTime =
        Arguments.inRange("maxRequestTime", value, Duration.ofSeconds(1), Duration.ofDays(365));
    return self();
  }

  /**
   * Sets how old an instance may get, counted from when it was ready. One that is older is replaced
   * when it serves nothing: it takes no further request, and finishes those in flight. Default: no
   * limit.
   *
   * @param value 1 second to 365 days
   * @return this
   */
  public B maxLifetime(Duration value) {
    maxLifetime =
        Arguments.inRange("maxLifetime", value, Duration.ofSeconds(1), Duration.ofDays(365));
    return self();
  }

  /**
   * Sets whether instances see the host of the link in {@code Host}, as the client named it: then
   * redirects that they make from it lead back, and checks of {@code Origin} against it pass. With
   * false they see their own address, as Ollama and other servers need that listen on loopback and
   * refuse every other name; the origin of the link's own pages becomes theirs with it. Default:
   * true.
   *
   * @param value whether they do
   * @return this
   */
  public B preserveHost(boolean value) {
    preserveHost = value;
    return self();
  }

  /**
   * Sets the port of the deployment's own link, where a proxy gives each deployment one ({@code
   * linkPorts}). Default: 0, which keeps the port that it has, or else the proxy chooses one; what
   * is chosen is kept with the deployment.
   *
   * @param value 0 to 65535
   * @return this
   */
  public B linkPort(int value) {
    linkPort = Arguments.inRange("linkPort", value, 0, 65_535, "");
    return self();
  }

  /**
   * Sets how long an instance gets to end by itself when it is released. Default: 10 seconds.
   *
   * @param value 0 to 1 hour
   * @return this
   */
  public B releaseGrace(Duration value) {
    releaseGrace = Arguments.inRange("releaseGrace", value, Duration.ZERO, Duration.ofHours(1));
    return self();
  }

  /**
   * Sets how long starts are held back after failures. Default: 1 second, doubling to 1 minute.
   *
   * @param first after the first failure, 1 millisecond to 1 hour
   * @param max the longest delay, {@code first} to 24 hours
   * @return this
   */
  public B startBackoff(Duration first, Duration max) {
    Arguments.inRange("startBackoff (first)", first, Duration.ofMillis(1), Duration.ofHours(1));
    Arguments.inRange("startBackoff (max)", max, first, Duration.ofHours(24));
    startBackoff = first;
    maxStartBackoff = max;
    return self();
  }

  /**
   * Sets the price of one instance for an hour. Default: the engine's cost meter decides.
   *
   * @param price 0 or more
   * @return this
   */
  public B pricePerHour(Money price) {
    requireNonNull(price, "pricePerHour");
    if (price.amount().signum() < 0) {
      throw new IllegalArgumentException("pricePerHour must be 0 or more, but was " + price);
    }
    pricePerHour = price;
    return self();
  }
}
