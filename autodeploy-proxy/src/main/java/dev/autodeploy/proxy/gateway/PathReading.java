package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * A path as any server could take it: percent-encoded, with empty, dot or upper-case segments,
 * parameters, backslashes or a slash at its end. Links pass paths on as they came; this is for the
 * decisions that another reading must not get around.
 */
public final class PathReading {
  private PathReading() {}

  /** Returns a target's path in the one form that stands for all that servers take for it. */
  static String plain(String target) {
    Deque<String> segments = new ArrayDeque<>();
    for (String segment : segments(target)) {
      if (segment.equals("..")) {
        segments.pollLast();
      } else if (!segment.isEmpty() && !segment.equals(".")) {
        segments.addLast(segment.toLowerCase(Locale.ROOT));
      }
    }
    return "/" + String.join("/", segments);
  }

  /** Returns whether a target leads out of the root that it begins at, for any server. */
  static boolean leavesRoot(String target) {
    if (!mayHaveDots(target)) {
      return false;
    }
    int depth = 0;
    for (String segment : segments(target)) {
      if (segment.equals("..") && --depth < 0) {
        return true;
      }
      depth += segment.isEmpty() || segment.equals(".") || segment.equals("..") ? 0 : 1;
    }
    return false;
  }

  /**
   * Returns whether a target has a segment that stands for another one: two dots or one.
   *
   * @param target path and query
   * @return whether any server could see one
   */
  public static boolean hasDots(String target) {
    if (mayHaveDots(target)) {
      for (String segment : segments(target)) {
        if (segment.equals(".") || segment.equals("..")) {
          return true;
        }
      }
    }
    return false;
  }

  /** Returns whether a look at the segments is worth it. */
  private static boolean mayHaveDots(String target) {
    return target.contains("/.") || target.contains("\\.") || target.indexOf('%') >= 0;
  }

  private static String[] segments(String target) {
    String[] segments = decoded(target.split("[?#]", 2)[0]).replace('\\', '/').split("/", -1);
    for (int i = 0; i < segments.length; i++) {
      segments[i] = segments[i].split(";", 2)[0];
    }
    return segments;
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
