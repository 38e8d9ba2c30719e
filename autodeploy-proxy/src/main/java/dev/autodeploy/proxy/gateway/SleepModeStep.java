package dev.autodeploy.proxy.gateway;

import dev.autodeploy.SleepMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the requests by which the engine puts an instance to sleep and wakes it: servers that
 * have them have them for everybody who reaches them. Where they are vLLM's, its other calls for
 * development are refused too, which it has in the same mode only: by one of them anybody puts it
 * to sleep as well, or runs whatever its workers can do.
 *
 * <p>A path is the same as another if any server could take it for that one, also one that was told
 * a root path, which it cuts off. Methods that only read are refused where the engine itself uses
 * them.
 */
final class SleepModeStep implements LinkStep {
  /** The call by which vLLM wakes, and no other server that is known. */
  private static final String WAKES_VLLM = "/wake_up";

  /** The calls that vLLM has with {@code VLLM_SERVER_DEV_MODE}, but for those that only tell. */
  private static final List<String> FOR_DEVELOPMENT =
      List.of(
          "/abort_requests",
          "/collective_rpc",
          "/finish_weight_update",
          "/init_weight_transfer_engine",
          "/pause",
          "/reset_encoder_cache",
          "/reset_mm_cache",
          "/reset_prefix_cache",
          "/resume",
          "/server_info", // the whole configuration
          "/start_weight_update",
          "/update_weight_version",
          "/update_weights");

  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    SleepMode mode = call.deployment().spec().sleepMode();
    if (mode == null || mode.forCallers()) {
      return null;
    }
    String method = call.head().method();
    String path = PathReading.plain(call.route().target());
    return isAmong(mode.sleep(), method, path)
            || isAmong(mode.wake(), method, path)
            || (isOfVllm(mode) && isForDevelopment(path))
        ? LinkResponse.of(Problems.notForCallers(call.deployment().name(), path))
        : null;
  }

  private static boolean isAmong(List<SleepMode.Request> requests, String method, String path) {
    for (SleepMode.Request request : requests) {
      if (mayBe(path, PathReading.plain(request.path()))
          && (!reads(method) || reads(request.method()))) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a server could take a path for another one, below a root or not. */
  private static boolean mayBe(String path, String other) {
    return path.endsWith(other); // which begins with a slash
  }

  private static boolean isOfVllm(SleepMode mode) {
    return mode.wake().stream().anyMatch(it -> PathReading.plain(it.path()).equals(WAKES_VLLM));
  }

  private static boolean isForDevelopment(String path) {
    return FOR_DEVELOPMENT.stream().anyMatch(other -> mayBe(path, other));
  }

  private static boolean reads(String method) {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }
}
