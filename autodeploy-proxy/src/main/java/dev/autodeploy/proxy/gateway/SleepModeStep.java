package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.autodeploy.SleepMode;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the requests by which the engine puts an instance to sleep and wakes it: servers that
 * have them have them for everybody who reaches them.
 *
 * <p>A path is the same as another if any server could take it for that one: percent-encoded, with
 * empty, dot or upper-case segments, parameters, backslashes or a slash at its end. Methods that
 * only read are refused where the engine itself uses them.
 */
final class SleepModeStep implements LinkStep {
  @Override
  public @Nullable LinkResponse handle(LinkCall call) {
    SleepMode mode = call.deployment().spec().sleepMode();
    if (mode == null || mode.forCallers()) {
      return null;
    }
    String method = call.head().method();
    String path = plain(call.route().target());
    return isAmong(mode.sleep(), method, path) || isAmong(mode.wake(), method, path)
        ? LinkResponse.of(Problems.notForCallers(call.deployment().name(), path))
        : null;
  }

  private static boolean isAmong(List<SleepMode.Request> requests, String method, String path) {
    for (SleepMode.Request request : requests) {
      if (plain(request.path()).equals(path) && (!reads(method) || reads(request.method()))) {
        return true;
      }
    }
    return false;
  }

  private static boolean reads(String method) {
    return method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS");
  }

  /** Returns a target's path in the one form that stands for all that servers take for it. */
  static String plain(String target) {
    String path = decoded(target.split("[?#]", 2)[0]).replace('\\', '/');
    Deque<String> segments = new ArrayDeque<>();
    for (String part : path.split("/", -1)) {
      String segment = part.split(";", 2)[0];
      if (segment.equals("..")) {
        segments.pollLast();
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        segments.addLast(segment.toLowerCase(Locale.ROOT));
      }
    }
    return "/" + String.join("/", segments);
  }

  private static String decoded(String path) {
    if (path.indexOf('%') < 0) {
      return path;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < path.length(); i++) {
      int high = i + 2 < path.length() ? Character.digit(path.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(path.charAt(i + 2), 16);
      boolean encoded = path.charAt(i) == '%' && low >= 0;
      bytes.write(encoded ? 16 * high + low : path.charAt(i));
      i += encoded ? 2 : 0;
    }
    return bytes.toString(ISO_8859_1);
  }
}
