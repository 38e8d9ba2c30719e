package dev.autodeploy.docker;

import dev.autodeploy.internal.util.HeartbeatShell;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A dead man's switch for a container whose service insists on being process 1: a POSIX shell
 * script beside it, which asks process 1 to end when no heartbeat has come for the timeout. Process
 * 1 would get a signal from outside, so a heartbeat is a command in the container that looks for
 * the script.
 *
 * <p>Linux lets nobody inside a container end a process 1 that ignores every signal. All others are
 * ended then, again and again.
 */
final class HeartbeatWatcher {
  /** The first line of the script, by which heartbeats find it. */
  private static final String MARK = ": autodeploy-watcher";

  /** The number of words before the command. */
  private static final int WORDS = 9;

  private static final String SCRIPT =
      """
      tick=$1 limit=$2 grace=$3 sig=$4 watch=$5; shift 5
      /bin/sh -c "$watch" autodeploy "$tick" "$limit" "$grace" "$sig" "$watch" 0 </dev/null &
      exec "$@"
      """;

  /**
   * Arguments: those of the script above, the ticks that have passed, and {@code crowded} or what
   * was said if the last tick could not fork.
   */
  private static final String WATCH =
      """
      : autodeploy-watcher
      tick=$1 limit=$2 grace=$3 sig=$4 watch=$5 n=$6
      trap 'n=0' URG
      PAUSE
      said=${7#crowded}
      if [ -n "$7" ] && pause "$tick"; then
        n=$((n+1))
      fi
      trap 'exec /bin/sh -c "$watch" autodeploy "$tick" "$limit" "$grace" "$sig" "$watch" "$n" "${said:-crowded}"' EXIT
      while [ $n -lt "$limit" ]; do
        sleep "$tick" & wait $!
        case $? in 126|127) pause "$tick" || continue; esac
        n=$((n+1))
      done
      trap '' URG TERM INT HUP QUIT
      echo "EXPIRED" >&2
      for s in "$sig" TERM INT QUIT HUP; do
        kill "-$s" 1 2>/dev/null
        i=0
        while [ $i -lt "$grace" ]; do nap 1 || sleep 1; i=$((i+1)); done
        grace=1
      done
      while :; do kill -KILL -1 2>/dev/null; sleep 1; done
      """
          .replace("PAUSE", HeartbeatShell.PAUSE)
          .replace("EXPIRED", HeartbeatShell.EXPIRED);

  /** Prints a word if there was somebody to signal. */
  private static final String BEAT_SCRIPT =
      """
      for p in /proc/[0-9]*; do
        { read -r l < "$p/cmdline"; } 2>/dev/null
        case $l in *-c"MARK") kill -URG "${p#/proc/}" && echo beaten;; esac
      done
      """
          .replace("MARK", MARK);

  /** The command that is a heartbeat. */
  static final List<String> BEAT = List.of("/bin/sh", "-c", BEAT_SCRIPT);

  private HeartbeatWatcher() {}

  /** Returns the command line that becomes another one and leaves the watcher beside it. */
  static List<String> wrap(
      List<String> command, Duration timeout, Duration grace, String stopSignal) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", SCRIPT, "autodeploy"));
    line.add(String.valueOf(HeartbeatShell.tick(timeout)));
    line.add(String.valueOf(HeartbeatShell.ticks(timeout)));
    line.add(String.valueOf(Math.max(1, grace.toSeconds())));
    line.add(stopSignal);
    line.add(WATCH);
    line.addAll(command);
    return line;
  }

  /** Returns the command line that was wrapped, or the line itself if it was not. */
  static List<String> unwrap(List<String> line) {
    return line.size() > WORDS && line.get(2).equals(SCRIPT)
        ? line.subList(WORDS, line.size())
        : line;
  }
}
