package dev.autodeploy.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceProvider;
import dev.autodeploy.spi.InstanceStartException;
import dev.autodeploy.spi.ProviderContext;
import dev.autodeploy.spi.ProviderInstance;
import dev.autodeploy.spi.StartRequest;
import dev.autodeploy.testing.world.Unwrap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The contract that every {@link InstanceProvider} has to keep. Extend it in a test class of your
 * own and override {@link #provider()} and the two specifications; the other methods where they do
 * not fit. The tests run real instances, one or two at a time.
 *
 * <pre>{@code
 * class BatchQueueProviderTest extends InstanceProviderContract {
 *   @Override
 *   protected InstanceProvider provider() {
 *     return BatchQueueProvider.connect(testQueue);
 *   }
 *
 *   @Override
 *   protected DeploymentSpec.Builder serving(String name) {
 *     return DeploymentSpec.builder(name).image("python:3").port(8000)
 *         .startCommand("python -m http.server 8000");
 *   }
 *
 *   @Override
 *   protected DeploymentSpec.Builder exiting(String name, int exitCode, String line) {
 *     return DeploymentSpec.builder(name).image("python:3").port(8000)
 *         .startCommand("echo '" + line + "'; exit " + exitCode);
 *   }
 * }
 * }</pre>
 */
@ExtendWith(BrokenPromise.class)
public abstract class InstanceProviderContract {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** No two tests, nor two runs of them, share an owner: what one left cannot disturb another. */
  private final String owner =
      "contract-" + Long.toString(ProcessHandle.current().pid(), 36) + "-" + nextNumber();

  private final List<InstanceProvider> opened = new ArrayList<>();
  private final List<Runnable> cleanUps = new ArrayList<>();

  /** For subclasses. */
  protected InstanceProviderContract() {}

  /**
   * Returns a provider that no engine has used.
   *
   * @return a new provider, not opened; the test closes it
   */
  protected abstract InstanceProvider provider();

  /**
   * Returns a specification whose instances become ready and stay so.
   *
   * @param name the deployment's name
   * @return a builder that lacks nothing
   */
  protected abstract DeploymentSpec.Builder serving(String name);

  /**
   * Returns a specification whose instances write a line and then end by themselves, soon and
   * without becoming ready.
   *
   * @param name the deployment's name
   * @param exitCode the exit code with which they end
   * @param line the line that they write; letters, digits and spaces
   * @return a builder that lacks nothing
   */
  protected abstract DeploymentSpec.Builder exiting(String name, int exitCode, String line);

  /**
   * Returns another provider on the same host or service, as another engine in another process
   * would have. Default: none, and tests that need one are skipped.
   *
   * @param first the provider of the first engine
   * @return a new provider, not opened
   */
  protected Optional<InstanceProvider> another(InstanceProvider first) {
    return Optional.empty();
  }

  /**
   * Ends an instance behind the provider's back, as a crash would. Default: it cannot be done, and
   * tests that need it are skipped.
   *
   * @param provider the provider that started it
   * @param instance the instance
   * @return whether it was done
   */
  protected boolean crash(InstanceProvider provider, ProviderInstance instance) {
    return false;
  }

  /**
   * Returns how long an instance may take to come up, become ready or go. Default: 60 seconds.
   *
   * @return the time
   */
  protected Duration patience() {
    return Duration.ofSeconds(60);
  }

  /**
   * Waits for a stage. Default: really, up to {@link #patience()}. A provider in virtual time
   * overrides it.
   *
   * @param stage the stage
   * @param <T> the type of its value
   * @return its value
   * @throws Exception what the stage failed with
   */
  protected <T extends @Nullable Object> T await(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get(patience().toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (Unwrap.cause(e.getCause() == null ? e : e.getCause()) instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } catch (TimeoutException e) {
      throw new AssertionError("a stage did not complete within " + patience(), e);
    }
  }

  /**
   * Lets some time pass. Default: really. A provider in virtual time overrides it.
   *
   * @param time how much
   * @throws InterruptedException if interrupted
   */
  protected void pause(Duration time) throws InterruptedException {
    Thread.sleep(time.toMillis());
  }

  /**
   * Runs a call that may block at the same time as the test. Default: on a thread of its own. A
   * provider in virtual time overrides it and runs it at once.
   *
   * @param call what to run
   */
  protected void aside(Runnable call) {
    Thread thread = new Thread(call, "autodeploy-testing-aside");
    thread.setDaemon(true);
    thread.start();
  }

  /** Releases what a test left behind, and closes its providers. */
  @AfterEach
  void cleanUp() {
    cleanUps.forEach(Runnable::run);
    opened.forEach(InstanceProvider::close);
  }

  @DisplayName("The provider has a name for messages.")
  @Test
  void name_isNotBlank() {
    assertThat(provider().name()).isNotBlank();
  }

  @DisplayName("A start is answered by the instance that was asked for, with an endpoint.")
  @Test
  void start_isAnsweredByTheInstanceThatWasAskedFor() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(serving("voice").build(), 0);
    ProviderInstance instance = session.start(request);

    assertThat(instance.instanceId()).isEqualTo(request.instanceId());
    assertThat(instance.deployment()).isEqualTo("voice");
    assertThat(instance.slot()).isZero();
    assertThat(instance.fingerprint()).isEqualTo(request.fingerprint());
    assertThat(instance.exit()).isNull();
    assertThat(instance.endpoint())
        .isNotNull()
        .satisfies(
            endpoint -> {
              assertThat(endpoint.getHost()).isNotBlank();
              assertThat(endpoint.getPort()).isPositive();
            });
  }

  @DisplayName("An instance that serves becomes ready.")
  @Test
  void isReady_ofAServingInstance_becomesTrue() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));

    session.awaitReady(instance);
  }

  @DisplayName("Each started instance is listed for its owner alone, with all its labels.")
  @Test
  void list_showsWhatTheOwnerStarted() throws Exception {
    ProviderSession session = open();
    StartRequest request =
        session.request(serving("voice").build(), 3).toBuilder().epoch(7).build();
    assertThat(session.start(request).epoch()).isEqualTo(7);

    List<ProviderInstance> listed = await(session.provider.list(owner));
    assertThat(listed).hasSize(1);
    ProviderInstance found = listed.get(0);
    assertThat(found.instanceId()).isEqualTo(request.instanceId());
    assertThat(found.deployment()).isEqualTo("voice");
    assertThat(found.slot()).isEqualTo(3);
    assertThat(found.fingerprint()).isEqualTo(request.fingerprint());
    assertThat(found.epoch()).as("by which a late start is told").isEqualTo(7);
    assertThat(found.exit()).isNull();
    assertThat(await(session.provider.list(owner + "-2"))).isEmpty();
  }

  @DisplayName("Nothing is listed where nothing was started.")
  @Test
  void list_withoutAnyInstance_isEmpty() throws Exception {
    assertThat(await(open().provider.list(owner))).isEmpty();
  }

  @DisplayName("A release that completes is the truth: the instance is no longer listed or ready.")
  @Test
  void release_whenComplete_leavesNothing() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));
    session.awaitReady(instance);

    await(session.provider.release(instance.instanceId(), GRACE));

    assertThat(await(session.provider.list(owner))).isEmpty();
    assertThat(session.isReady(instance)).isFalse();
  }

  @DisplayName("Without a grace period an instance goes at once.")
  @Test
  void release_withoutGrace_leavesNothing() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));

    await(session.provider.release(instance.instanceId(), Duration.ZERO));

    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("An instance that is not known, or is already gone, is released with success.")
  @Test
  void release_ofWhatDoesNotExist_succeeds() throws Exception {
    ProviderSession session = open();
    await(session.provider.release("never-was-" + nextNumber(), GRACE));

    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));
    await(session.provider.release(instance.instanceId(), GRACE));
    await(session.provider.release(instance.instanceId(), GRACE));
  }

  @DisplayName("Two releases of one instance at once both succeed.")
  @Test
  void release_twiceAtOnce_succeedsTwice() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));

    CompletionStage<Void> first = session.provider.release(instance.instanceId(), GRACE);
    CompletionStage<Void> second = session.provider.release(instance.instanceId(), GRACE);
    await(first);
    await(second);
    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("A release while the start is under way wins: nothing is there, nor comes up.")
  @Test
  void release_whileStarting_wins() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(serving("voice").build(), 0);
    CompletableFuture<CompletionStage<ProviderInstance>> begun = new CompletableFuture<>();
    aside(() -> begun.complete(session.beginStart(request)));
    await(session.provider.release(request.instanceId(), GRACE));

    assertThat(await(session.provider.list(owner))).isEmpty();
    CompletionStage<ProviderInstance> start = await(begun);
    eventually(() -> start.toCompletableFuture().isDone(), "the start is answered");
    pause(Duration.ofMillis(300));
    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("A release that overtakes the start wins as well: the start comes to nothing.")
  @Test
  void start_afterItsRelease_comesToNothing() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(serving("voice").build(), 0);
    await(session.provider.release(request.instanceId(), GRACE));

    assertThatThrownBy(() -> await(session.beginStart(request)))
        .isNotInstanceOf(AssertionError.class);
    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("Instances live side by side, and each is released alone.")
  @Test
  void release_ofOneOfTwo_leavesTheOther() throws Exception {
    ProviderSession session = open();
    DeploymentSpec spec = serving("voice").maxInstances(2).build();
    ProviderInstance first = session.start(session.request(spec, 0));
    ProviderInstance second = session.start(session.request(spec, 1));
    assertThat(first.endpoint()).isNotEqualTo(second.endpoint());
    session.awaitReady(first);
    session.awaitReady(second);

    await(session.provider.release(first.instanceId(), GRACE));

    assertThat(await(session.provider.list(owner)))
        .extracting(ProviderInstance::instanceId)
        .containsExactly(second.instanceId());
    assertThat(session.isReady(second)).isTrue();
  }

  @DisplayName("An instance that ends by itself is reported with its exit code and its last lines.")
  @Test
  void exit_whileStarting_isReportedWithCodeAndLines() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(exiting("voice", 7, "out of luck").build(), 0);
    InstanceExit exit;
    try {
      session.start(request);
      eventually(() -> session.exits.containsKey(request.instanceId()), "the exit is reported");
      exit = session.exits.get(request.instanceId());
    } catch (InstanceStartException e) {
      exit = e.exit();
    }
    assertThat(exit)
        .isNotNull()
        .satisfies(
            ended -> {
              assertThat(ended.exitCode()).isEqualTo(7);
              assertThat(ended.logTail()).anyMatch(line -> line.contains("out of luck"));
            });
  }

  @DisplayName("An instance that ended by itself goes, like any other, when it is released.")
  @Test
  void release_ofAnInstanceThatEnded_leavesNothing() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(exiting("voice", 1, "bye").build(), 0);
    try {
      session.start(request);
      eventually(() -> session.exits.containsKey(request.instanceId()), "the exit is reported");
      assertThat(await(session.provider.list(owner)))
          .as("an instance that ended is listed, as such, until it is released")
          .singleElement()
          .satisfies(instance -> assertThat(instance.exit()).isNotNull());
    } catch (InstanceStartException e) {
      // It ended before the start was answered: whatever is left of it must go all the same.
      assertThat(e.getMessage()).isNotBlank();
    }
    await(session.provider.release(request.instanceId(), GRACE));

    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("A crash is noticed without anybody asking.")
  @Test
  void crash_isReportedAtOnce() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));
    session.awaitReady(instance);
    assumeTrue(crash(session.provider, instance), "instances cannot be ended from here");

    eventually(() -> session.exits.containsKey(instance.instanceId()), "the exit is reported");
    session.awaitNotReady(instance);
  }

  @DisplayName("A release that was asked for is not reported as an end by itself.")
  @Test
  void release_ofARunningInstance_needsNoSecondOne() throws Exception {
    ProviderSession session = open();
    ProviderInstance instance = session.start(session.request(serving("voice").build(), 0));
    await(session.provider.release(instance.instanceId(), GRACE));
    pause(Duration.ofMillis(200));

    assertThat(await(session.provider.list(owner))).isEmpty();
  }

  @DisplayName("Log lines are the last ones, at most as many as were asked for.")
  @Test
  void logs_areTheLastLines() throws Exception {
    ProviderSession session = open();
    StartRequest request = session.request(exiting("voice", 1, "the last words").build(), 0);
    try {
      session.start(request);
    } catch (InstanceStartException e) {
      assumeTrue(false, "it ended before the start was answered");
    }
    eventually(() -> session.exits.containsKey(request.instanceId()), "the exit is reported");

    assertThat(await(session.provider.logs(request.instanceId(), 100)))
        .anyMatch(line -> line.contains("the last words"));
    assertThat(await(session.provider.logs(request.instanceId(), 1))).hasSizeLessThanOrEqualTo(1);
  }

  @DisplayName("There are no lines of what never was.")
  @Test
  void logs_ofAnUnknownInstance_areEmpty() throws Exception {
    assertThat(await(open().provider.logs("never-was-" + nextNumber(), 10))).isEmpty();
  }

  @DisplayName("Two engines cannot share an owner.")
  @Test
  void open_ofAnOwnerInUse_isRefused() {
    ProviderSession session = open();
    InstanceProvider second = another(session.provider).orElse(null);
    assumeTrue(second != null, "there is no second provider");

    assertThatThrownBy(() -> open(second))
        .isInstanceOfSatisfying(
            AutoDeployException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OWNER_IN_USE));
  }

  @DisplayName("After an engine has ended, its owner is free for the next.")
  @Test
  void open_afterTheOtherWasClosed_succeeds() {
    ProviderSession session = open();
    InstanceProvider second = another(session.provider).orElse(null);
    assumeTrue(second != null, "there is no second provider");
    session.provider.close();
    opened.remove(session.provider);

    open(second);
  }

  @DisplayName("Nothing survives the close that was not left on purpose.")
  @Test
  void close_leavesNothing() throws Exception {
    ProviderSession session = open();
    InstanceProvider second = another(session.provider).orElse(null);
    assumeTrue(second != null, "there is no second provider");
    session.start(session.request(serving("voice").build(), 0));
    session.provider.close();
    opened.remove(session.provider);

    assertThat(await(open(second).provider.list(owner)))
        .as("instances that run; what has ended may still be listed")
        .noneMatch(instance -> instance.exit() == null);
  }

  private ProviderSession open() {
    return open(provider());
  }

  private ProviderSession open(InstanceProvider provider) {
    ProviderSession session = new ProviderSession(this, provider, owner);
    provider.open(new ProviderContext(owner, session));
    opened.add(provider);
    return session;
  }

  private void eventually(BooleanSupplier condition, String what) throws InterruptedException {
    Duration step = Duration.ofMillis(20);
    for (long waited = 0; !condition.getAsBoolean(); waited += step.toMillis()) {
      assertThat(waited).as("%s within %s", what, patience()).isLessThan(patience().toMillis());
      pause(step);
    }
  }

  /** Does something when the test is over. */
  void afterwards(Runnable cleanUp) {
    cleanUps.add(cleanUp);
  }

  boolean isOpen(InstanceProvider provider) {
    return opened.contains(provider);
  }

  static int nextNumber() {
    return NUMBERS.incrementAndGet();
  }
}
