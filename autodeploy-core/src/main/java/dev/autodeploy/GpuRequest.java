package dev.autodeploy;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.internal.text.ByteSize;
import dev.autodeploy.internal.util.Arguments;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs that each instance of a deployment gets. Immutable.
 *
 * <p>Exactly one of three forms: a number of GPUs, explicit device ids, or all of the host's. Any
 * form can name a model, which providers with several models choose by and {@link
 * dev.autodeploy.spi.CostMeter cost meters} may charge by. A number and ids can be asked for with
 * an amount of memory: then several instances get one GPU, as long as their sum fits; nothing but
 * the service itself keeps to its amount.
 *
 * @param count how many GPUs; 0 for none or when {@code ids} are given, {@link #ALL} for all
 * @param ids explicit device ids (index, UUID or MIG id); empty unless asked for by id
 * @param model the model's name, such as {@code NVIDIA GeForce RTX 4090}, or null for any
 * @param memoryBytes how much memory of each GPU; 0 for whole GPUs
 */
public record GpuRequest(int count, List<String> ids, @Nullable String model, long memoryBytes) {

  private static final GpuRequest NONE = new GpuRequest(0, List.of(), null);

  /** The {@code count} that stands for all GPUs of the host. */
  public static final int ALL = -1;

  /**
   * Checks the values.
   *
   * @param count how many GPUs; 0 for none or when {@code ids} are given, {@link #ALL} for all
   * @param ids explicit device ids (index, UUID or MIG id); empty unless asked for by id
   * @param model the model's name, such as {@code NVIDIA GeForce RTX 4090}, or null for any
   * @param memoryBytes how much memory of each GPU; 0 for whole GPUs
   */
  public GpuRequest {
    ids = List.copyOf(ids);
    if (count < ALL) {
      throw new IllegalArgumentException(
          "gpu count must be 0 or more, or -1 for all, but was " + count);
    }
    if (!ids.isEmpty() && count != 0) {
      throw new IllegalArgumentException("a GPU request has either a count or ids, not both");
    }
    if (ids.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("a GPU id must not be blank");
    }
    if (ids.stream().distinct().count() != ids.size()) {
      throw new IllegalArgumentException("GPU ids must be distinct, but were " + ids);
    }
    if (model != null && model.isBlank()) {
      throw new IllegalArgumentException("the GPU model must not be blank");
    }
    Arguments.atLeast("memoryBytes", memoryBytes, 0, "");
    if (memoryBytes > 0 && count <= 0 && ids.isEmpty()) {
      throw new IllegalArgumentException(
          "GPU memory needs a number of GPUs or ids: whoever asks for all has them whole");
    }
  }

  /**
   * Creates a request for whole GPUs.
   *
   * @param count how many GPUs; 0 for none or when {@code ids} are given, {@link #ALL} for all
   * @param ids explicit device ids (index, UUID or MIG id); empty unless asked for by id
   * @param model the model's name, or null for any
   */
  public GpuRequest(int count, List<String> ids, @Nullable String model) {
    this(count, ids, model, 0);
  }

  /**
   * Returns the request for no GPU, the default.
   *
   * @return no GPU
   */
  public static GpuRequest none() {
    return NONE;
  }

  /**
   * Returns the request for a number of GPUs, whichever are free.
   *
   * @param count how many, 1 or more
   * @return the request
   */
  public static GpuRequest count(int count) {
    Arguments.atLeast("gpu count", count, 1);
    return new GpuRequest(count, List.of(), null);
  }

  /**
   * Returns the request for exactly these devices.
   *
   * @param ids index, UUID or MIG id of each
   * @return the request
   */
  public static GpuRequest ids(String... ids) {
    if (ids.length == 0) {
      throw new IllegalArgumentException("at least one GPU id is needed");
    }
    return new GpuRequest(0, List.of(ids), null);
  }

  /**
   * Returns the request for all GPUs of the host.
   *
   * @return the request
   */
  public static GpuRequest all() {
    return new GpuRequest(ALL, List.of(), null);
  }

  /**
   * Returns the request for a part of the memory of one GPU, whichever has that much left. Needs a
   * provider that knows how much its GPUs have.
   *
   * @param amount the part, such as {@code 16GiB}
   * @return the request
   * @throws IllegalArgumentException if that is no amount of memory
   */
  public static GpuRequest memory(String amount) {
    return count(1).withMemory(amount);
  }

  /**
   * Returns this request for a part of the memory of each GPU, in place of whole GPUs.
   *
   * @param amount the part, such as {@code 16GiB}
   * @return the request with an amount of memory
   * @throws IllegalArgumentException if that is no amount of memory, or all GPUs are asked for
   */
  public GpuRequest withMemory(String amount) {
    long bytes = ByteSize.parse("GPU memory", requireNonNull(amount, "amount"));
    return new GpuRequest(count, ids, model, bytes);
  }

  /**
   * Returns this request for GPUs of one model.
   *
   * @param name the model's name as the provider calls it
   * @return the request with a model
   */
  public GpuRequest model(String name) {
    return new GpuRequest(count, ids, requireNonNull(name, "name"), memoryBytes);
  }

  /**
   * Returns whether whole GPUs are asked for, which nobody else gets meanwhile.
   *
   * @return false if an amount of memory is asked for
   */
  public boolean isWhole() {
    return memoryBytes == 0;
  }

  /**
   * Returns whether no GPU is asked for.
   *
   * @return true for {@link #none()}
   */
  public boolean isNone() {
    return count == 0 && ids.isEmpty();
  }
}
