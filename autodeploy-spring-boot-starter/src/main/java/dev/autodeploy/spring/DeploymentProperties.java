package dev.autodeploy.spring;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties below {@code autodeploy.deployments.<name>}: every setting of a deployment.
 *
 * @param description Text for people.
 * @param image Image of the container.
 * @param snapshot Snapshot of the container, instead of an image.
 * @param gpu GPUs of an instance.
 * @param port Port that the service listens on.
 * @param startCommand Command that starts the service.
 * @param arguments Arguments of the image's entrypoint, instead of a command.
 * @param environment Environment variables; names with underscores need brackets.
 * @param mounts Directories of the machine in the container.
 * @param sharedMemoryBytes Size of /dev/shm.
 * @param memoryBytes Memory that an instance may use.
 * @param cpus Processors that an instance may use.
 * @param maxProcesses Processes that an instance may have.
 * @param workingDirectory Directory that the service starts in.
 * @param readiness Probe that tells that an instance is ready.
 * @param probeInterval Pause between two questions of that probe.
 * @param probeThreshold How many times in a row it has to succeed.
 * @param liveness Probe that tells that an idle instance still works.
 * @param livenessInterval Pause between two questions of the liveness probe.
 * @param livenessThreshold How many times in a row it has to fail.
 * @param maxRequestTime How long one request may take.
 * @param maxLifetime How old an instance may get.
 * @param startTimeout How long a start may take.
 * @param startTimeoutFactor Multiple of what starts take that one may take, if that is longer.
 * @param prepareAhead Whether the image is fetched before the first request.
 * @param idleTimeout How long an instance without requests lives, or never.
 * @param sleepMode How instances are put to sleep and woken: vllm, vllm-2 or sglang.
 * @param sleepAfter How long an instance is kept awake without requests.
 * @param schedule Weekly hours with rules of their own.
 * @param budget Money or GPU time that may be spent.
 * @param minInstances How many instances there are at least.
 * @param maxInstances How many instances there are at most.
 * @param priority Order among deployments that want the same GPUs.
 * @param pinned Whether instances never make room for others.
 * @param concurrency How many requests an instance serves at once, or unlimited.
 * @param maxPending How many requests may wait.
 * @param releaseGrace How long an instance may take to end.
 * @param startBackoff Pause after a failed start.
 * @param maxStartBackoff Longest pause after failed starts.
 * @param pricePerHour Price of an instance, such as 0.49 USD.
 * @param preserveHost Whether the instance sees the host of the link.
 * @param linkPort Port of a link of its own.
 */
record DeploymentProperties(
    @Nullable String description,
    @Nullable String image,
    @Nullable String snapshot,
    @Nullable Gpu gpu,
    @Nullable Integer port,
    @Nullable String startCommand,
    @DefaultValue List<String> arguments,
    @DefaultValue Map<String, String> environment,
    @DefaultValue List<MountedDirectory> mounts,
    @Nullable DataSize sharedMemoryBytes,
    @Nullable DataSize memoryBytes,
    @Nullable Double cpus,
    @Nullable Integer maxProcesses,
    @Nullable String workingDirectory,
    @Nullable Readiness readiness,
    @Nullable Duration probeInterval,
    @Nullable Integer probeThreshold,
    @Nullable Readiness liveness,
    @Nullable Duration livenessInterval,
    @Nullable Integer livenessThreshold,
    @Nullable Duration maxRequestTime,
    @Nullable Duration maxLifetime,
    @Nullable Duration startTimeout,
    @Nullable Double startTimeoutFactor,
    @Nullable Boolean prepareAhead,
    @Nullable String idleTimeout,
    @Nullable String sleepMode,
    @Nullable Duration sleepAfter,
    @Nullable Hours schedule,
    @Nullable Spending budget,
    @Nullable Integer minInstances,
    @Nullable Integer maxInstances,
    @Nullable Integer priority,
    @Nullable Boolean pinned,
    @Nullable String concurrency,
    @Nullable Integer maxPending,
    @Nullable Duration releaseGrace,
    @Nullable Duration startBackoff,
    @Nullable Duration maxStartBackoff,
    @Nullable String pricePerHour,
    @Nullable Boolean preserveHost,
    @Nullable Integer linkPort) {

  /**
   * The GPUs of an instance.
   *
   * @param count How many GPUs, or all.
   * @param ids Ids of the GPUs, instead of a count.
   * @param model Model of the GPUs.
   * @param memory Part of the memory of each GPU, such as 16GiB, instead of whole GPUs.
   */
  record Gpu(
      @Nullable String count,
      @DefaultValue List<String> ids,
      @Nullable String model,
      @Nullable String memory) {}

  /**
   * A directory of the machine in the container.
   *
   * @param source Directory of the machine.
   * @param target Directory in the container.
   * @param readOnly Whether it cannot be written.
   */
  record MountedDirectory(
      @Nullable String source, @Nullable String target, @DefaultValue("false") boolean readOnly) {}

  /**
   * A readiness probe.
   *
   * @param type Kind of probe: tcp, http, healthCheck, logLine, anyOf or allOf.
   * @param path Path of an http probe.
   * @param status Status that an http probe waits for.
   * @param minStatus Lowest status that an http probe waits for.
   * @param maxStatus Highest status that an http probe waits for.
   * @param method Method of an http probe's request.
   * @param headers Header fields of an http probe's request.
   * @param body Text that the response to an http probe has to hold.
   * @param timeout Time for the response to an http probe.
   * @param regex Pattern of a logLine probe.
   * @param probes Probes that anyOf and allOf combine.
   */
  record Readiness(
      @Nullable String type,
      @Nullable String path,
      @Nullable Integer status,
      @Nullable Integer minStatus,
      @Nullable Integer maxStatus,
      @Nullable String method,
      @DefaultValue Map<String, String> headers,
      @Nullable String body,
      @Nullable Duration timeout,
      @Nullable String regex,
      @DefaultValue List<Readiness> probes) {}

  /**
   * A weekly schedule.
   *
   * @param zone Time zone of the hours, such as Europe/Berlin.
   * @param windows Hours with a rule each.
   */
  record Hours(@Nullable String zone, @DefaultValue List<Window> windows) {}

  /**
   * A window of a schedule, with one rule.
   *
   * @param days Days, such as MON-FRI.
   * @param from Time of the day at which it begins.
   * @param to Time of the day at which it ends.
   * @param warm How many instances there are at least.
   * @param idleTimeout How long an instance without requests lives.
   * @param closed Whether nothing runs.
   */
  record Window(
      @Nullable String days,
      @Nullable String from,
      @Nullable String to,
      @Nullable Integer warm,
      @Nullable Duration idleTimeout,
      @Nullable Boolean closed) {}

  /**
   * A budget, in money or in GPU time.
   *
   * @param amount Amount of money.
   * @param currency Currency of the amount.
   * @param gpuTime GPU time, instead of money.
   * @param period Period after which it begins anew: day, week, month or total.
   * @param zone Time zone of the period.
   * @param end What becomes of instances when it is spent: drain or cut.
   * @param minimumUse Time that has to be left for a start.
   */
  record Spending(
      @Nullable String amount,
      @Nullable String currency,
      @Nullable Duration gpuTime,
      @Nullable String period,
      @Nullable String zone,
      @Nullable String end,
      @Nullable Duration minimumUse) {}
}
