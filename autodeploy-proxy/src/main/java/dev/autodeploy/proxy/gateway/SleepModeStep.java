package dev.autodeploy.proxy.gateway;

import dev.autodeploy.SleepMode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the requests by which the engine puts an instance to sleep and wakes it: servers that
 * have them have them for everybody who reaches them.
 *
 * <p>A path is the same as another if any server could take it for that one. Methods that only read
 * are refused where the engine itself uses them.
 */
final class SleepModeStep implements LinkStep {
  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    SleepMode mode = call.deployment().spec().sleepMode();
    if (mode == null || mode.forCallers()) {
      return null;
    }
    String method = call.head().method();
    String path = PathReading.plain(call.route().target());
    return isAmong(mode.sleep(), method, path) || isAmong(mode.wake(), method, path)
        ? LinkResponse.of(Problems.notForCallers(call.deployment().name(), path))
        : null;
  }

  private static boolean isAmong(List<SleepMode.Request> requests, String method, String path) {
    for (SleepMode.Request request : requests) {
      if (PathReading.plain(request.path()).equals(path)
          && (!reads(method) || reads(request.method()))) {
        return true;
      }
    }
    return false;
  }

  private static boolean reads(String method) {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }
}
