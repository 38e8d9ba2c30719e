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
 * @param asleep whether the instance sleeps: others may have what it does not keep
 * @param keptBytes the memory that it keeps on each GPU while it sleeps
 * @param hostBytes the memory of the host that counts for it, also while it sleeps
 */
public record Room(
    long id,
    long party,
    GpuRequest request,
    List<String> gpus,
    boolean asleep,
    long keptBytes,
    long hostBytes) {

  /** Copies the values. */
  public Room {
    gpus = List.copyOf(gpus);
  }

  /** Makes the room of an instance that is awake, of which no memory of the host counts. */
  Room(long id, long party, GpuRequest request, List<String> gpus) {
    this(id, party, request, gpus, false, 0, 0);
  }

  HostShare host() {
    return new HostShare(1, hostBytes);
  }

  Room on(List<String> actual) {
    return new Room(id, party, request, actual, asleep, keptBytes, hostBytes);
  }

  Room asleep(long kept) {
    return new Room(id, party, request, gpus, true, kept, hostBytes);
  }

  Room awake() {
    return new Room(id, party, request, gpus, false, 0, hostBytes);
  }

  /** Returns whether others may have all of it: its instance sleeps, and keeps nothing there. */
  public boolean isLeft() {
    return asleep && keptBytes == 0;
  }
}
