package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.GpuRequest;
import dev.autodeploy.internal.text.ByteSize;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs that a provider can give to instances, as far as it knows them. Immutable.
 *
 * <p>There are three kinds. Of {@linkplain #of listed} GPUs the engine chooses, and names those
 * chosen in {@link StartRequest#gpus()}. With {@linkplain #unlisted() unlisted} ones it relies on
 * each being held by one instance at a time. Where nothing is {@linkplain #unknown() known}, it
 * relies on the provider to say {@linkplain InstanceStartException#noRoom no room}.
 *
 * @param gpus the GPUs, or null if they cannot be told
 * @param exclusive whether a GPU that is asked for by id is held by one instance at a time
 */
public record ProviderCapacity(@Nullable List<Gpu> gpus, boolean exclusive) {
  private static final ProviderCapacity UNKNOWN = new ProviderCapacity(null, false);
  private static final ProviderCapacity UNLISTED = new ProviderCapacity(null, true);

  /**
   * One GPU.
   *
   * @param id its id, as {@link StartRequest#gpus()} names it
   * @param names all ids by which {@link dev.autodeploy.GpuRequest#ids} may ask for it, such as
   *     index and UUID
   * @param model its model, or an empty text
   * @param memoryBytes its memory, or 0 if that is not known
   */
  public record Gpu(String id, List<String> names, String model, long memoryBytes) {

    /**
     * Copies the values.
     *
     * @param id its id, as {@link StartRequest#gpus()} names it
     * @param names all ids by which {@link dev.autodeploy.GpuRequest#ids} may ask for it, such as
     *     index and UUID
     * @param model its model, or an empty text
     * @param memoryBytes its memory, or 0 if that is not known
     */
    public Gpu {
      requireNonNull(id, "id");
      requireNonNull(model, "model");
      names = List.copyOf(names);
    }

    /**
     * Returns a GPU of which only the id is known.
     *
     * @param id its id
     * @return the GPU
     */
    public static Gpu named(String id) {
      return new Gpu(id, List.of(id), "", 0);
    }

    /**
     * Returns a GPU with its model and memory, as users write them.
     *
     * @param id its id
     * @param model its model, or an empty text
     * @param memory its memory, such as {@code 24GiB}
     * @return the GPU
     * @throws IllegalArgumentException if that is no amount of memory
     */
    public static Gpu of(String id, String model, String memory) {
      return new Gpu(id, List.of(id), model, ByteSize.parse("memory of GPU " + id, memory));
    }

    /**
     * Returns whether a request by id means this GPU.
     *
     * @param asked the id in the request
     * @return whether it is one of its names
     */
    public boolean isKnownBy(String asked) {
      return id.equals(asked) || names.contains(asked);
    }
  }

  /**
   * Copies the values.
   *
   * @param gpus the GPUs, or null if they cannot be told
   * @param exclusive whether a GPU that is asked for by id is held by one instance at a time
   */
  public ProviderCapacity {
    gpus = gpus == null ? null : List.copyOf(gpus);
  }

  /**
   * Returns the GPUs that instances with a request may get.
   *
   * @param request the request
   * @return those that it names or are of its model, in its order; all if it says neither; without
   *     those that have less memory than it is for; none if the GPUs cannot be told
   */
  public List<Gpu> fitting(GpuRequest request) {
    List<Gpu> known = gpus == null ? List.of() : gpus;
    List<Gpu> named = known;
    if (!request.ids().isEmpty()) {
      named =
          request.ids().stream()
              .flatMap(id -> known.stream().filter(gpu -> gpu.isKnownBy(id)).limit(1))
              .distinct()
              .toList();
    }
    String model = request.model();
    return named.stream()
        .filter(gpu -> model == null || gpu.model().equalsIgnoreCase(model))
        .filter(gpu -> request.isWhole() || gpu.memoryBytes() >= request.memoryBytes())
        .toList();
  }

  /**
   * Returns the model of GPUs; of different ones all models, in the order of the alphabet, with a
   * comma between them.
   *
   * @param ids the ids of the GPUs
   * @return such as {@code NVIDIA L4}, or null if that of one of them is not known
   */
  public @Nullable String modelOf(List<String> ids) {
    SortedSet<String> models = new TreeSet<>();
    for (String id : ids) {
      models.add(fitting(GpuRequest.ids(id)).stream().map(Gpu::model).findFirst().orElse(""));
    }
    return models.isEmpty() || models.contains("") ? null : String.join(", ", models);
  }

  /**
   * Returns the capacity of a provider that says {@linkplain InstanceStartException#noRoom no room}
   * when there is none, the default.
   *
   * @return nothing is known
   */
  public static ProviderCapacity unknown() {
    return UNKNOWN;
  }

  /**
   * Returns the capacity of a provider that cannot list its GPUs, and gives each that is asked for
   * by id to one instance at a time.
   *
   * @return the ids are taken at their word
   */
  public static ProviderCapacity unlisted() {
    return UNLISTED;
  }

  /**
   * Returns the capacity of a provider that knows its GPUs.
   *
   * @param gpus all that it may give to instances
   * @return these and no others
   */
  public static ProviderCapacity of(List<Gpu> gpus) {
    return new ProviderCapacity(requireNonNull(gpus, "gpus"), true);
  }
}
