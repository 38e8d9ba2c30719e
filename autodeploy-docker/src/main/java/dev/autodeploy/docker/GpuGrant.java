package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.DeviceRequest;
import com.github.dockerjava.api.model.HostConfig;
import java.util.List;
import java.util.Locale;

/**
 * The GPUs that one container gets.
 *
 * @param access how
 * @param ids the ids that are asked for; empty for all that there are
 * @param held the same GPUs as they are entered in the table
 * @param memory how much memory of each, or 0 for whole GPUs
 */
record GpuGrant(GpuAccess access, List<String> ids, List<String> held, long memory) {

  /** The entry in the table of a container that holds all GPUs without knowing their ids. */
  static final String ALL = "all";

  GpuGrant {
    ids = List.copyOf(ids);
    held = List.copyOf(held);
  }

  GpuGrant(GpuAccess access, List<String> ids, List<String> held) {
    this(access, ids, held, 0);
  }

  static GpuGrant none() {
    return new GpuGrant(GpuAccess.AUTO, List.of(), List.of());
  }

  /** Returns the ids among what is entered in the table. */
  static List<String> ids(List<String> held) {
    return held.contains(ALL) ? List.of() : held;
  }

  boolean isNone() {
    return held.isEmpty();
  }

  void applyTo(HostConfig host) {
    switch (access) {
      case AUTO -> {}
      case AMD_DEVICES ->
          host.withDevices(
                  new Device("rwm", "/dev/kfd", "/dev/kfd"),
                  new Device("rwm", "/dev/dri", "/dev/dri"))
              .withGroupAdd(List.of("video", "render"));
      case CDI ->
          host.withDeviceRequests(
              List.of(new DeviceRequest().withDriver("cdi").withDeviceIds(ids)));
      case NVIDIA_HOOK ->
          host.withDeviceRequests(
              List.of(ids.isEmpty() ? hook().withCount(-1) : hook().withDeviceIds(ids)));
    }
  }

  /** One inner list: several would be alternatives, and the driver's capabilities be left out. */
  private static DeviceRequest hook() {
    return new DeviceRequest()
        .withDriver("")
        .withCapabilities(List.of(List.of("gpu", "compute", "utility")));
  }

  /** Returns whether the daemon shows the request on the container that it made. */
  boolean isShownOn(HostConfig host) {
    if (access == GpuAccess.AMD_DEVICES) {
      return host.getDevices() != null && host.getDevices().length >= 2;
    }
    List<DeviceRequest> requests = host.getDeviceRequests();
    return requests != null
        && requests.stream()
            .anyMatch(
                r ->
                    ids.isEmpty()
                        ? Integer.valueOf(-1).equals(r.getCount())
                        : ids.equals(r.getDeviceIds()));
  }

  @Override
  public String toString() {
    return isNone()
        ? "none"
        : (ids.isEmpty() ? "all" : String.join(", ", ids))
            + " ("
            + access.name().toLowerCase(Locale.ROOT)
            + ")";
  }
}
