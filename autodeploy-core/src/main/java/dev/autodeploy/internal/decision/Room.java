package dev.autodeploy.internal.decision;

import dev.autodeploy.GpuRequest;
import java.util.List;

/**
 * The room that one instance takes up, from being given until the instance is verified gone.
 *
 * @param id its number
 * @param party the deployment that has it
 * @param request what it was given for
 * @param gpus the ids of the GPUs; empty if the provider chooses
 */
public record Room(long id, long party, GpuRequest request, List<String> gpus) {

  /** Copies the values. */
  public Room {
    gpus = List.copyOf(gpus);
  }

  Room on(List<String> actual) {
    return new Room(id, party, request, actual);
  }
}
