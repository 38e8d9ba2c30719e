package dev.autodeploy.kubernetes;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A dead man's switch for a pod: a POSIX shell script that runs the service and ends it when the
 * first line of a file, the heartbeat, has not changed for the timeout. It passes the stop signal
 * on to every process of the container and keeps the service's exit code.
 */
final class HeartbeatScript {
  /** The line that the script writes when it ends the service. */
  static final String EXPIRED = "autodeploy: no heartbeat from the host application, stopping";

  private static final int TICKS = 24;
  private static final int LONGEST_TICK_SECONDS = 5;

  /**
   * Arguments: the file, seconds of a tick, ticks of the timeout, seconds of grace, command. Only
   * in a process space of its own (it is process 1, or its parent is) everybody is signalled.
   */
  private static final String SCRIPT =
      """
      file=$1 tick=$2 limit=$3 grace=$4; shift 4
      n=0 last= stop= hit=
      look() {
        beat=
        [ -r "$file" ] && read -r beat < "$file"
        if [ -n "$beat" ] && [ "$beat" != "$last" ]; then last=$beat n=0; else n=$((n+1)); fi
      } 2>/dev/null
      trap 'look; hit=1' USR1
      trap 'stop=1 hit=1' TERM INT
      "$@" & child=$!
      (
        trap 'kill $s; exit 0' TERM
        while :; do sleep "$tick" & s=$!; wait $s; kill -USR1 $$ || exit 0; done
      ) & ticker=$!
      signal() {
        if [ $$ = 1 ] || [ "$PPID" = 1 ]; then kill "-$1" -1; else kill "-$1" $child; fi
      } 2>/dev/null
      while :; do
        hit=
        wait $child; code=$?
        [ -n "$stop" ] && break
        [ $n -ge "$limit" ] && break
        if [ -z "$hit" ]; then exit $code; fi
        kill -0 $child 2>/dev/null && continue
        wait $child 2>/dev/null; again=$?
        [ $again = 127 ] || code=$again
        exit $code
      done
      trap '' USR1
      [ -n "$stop" ] || echo "EXPIRED" >&2
      kill $ticker 2>/dev/null
      signal TERM
      i=0
      while [ $i -lt $((grace*5)) ] && signal 0; do
        sleep 0.2 2>/dev/null || { sleep 1; i=$((i+4)); }
        i=$((i+1))
      done
      signal KILL
      wait $child
      exit $?
      """
          .replace("EXPIRED", EXPIRED);

  private HeartbeatScript() {}

  /** Returns the command line that runs another one and looks for heartbeats. */
  static List<String> wrap(List<String> command, String file, Duration timeout, Duration grace) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", SCRIPT, "autodeploy"));
    line.add(file);
    line.add(String.valueOf(tick(timeout)));
    line.add(String.valueOf(ticks(timeout)));
    line.add(String.valueOf(Math.max(1, grace.toSeconds())));
    line.addAll(command);
    return line;
  }

  /** Returns the seconds between two looks at the heartbeat. */
  static long tick(Duration timeout) {
    return Math.max(1, Math.min(LONGEST_TICK_SECONDS, timeout.toSeconds() / TICKS));
  }

  /** Returns after how many looks without a change the timeout is over. */
  static long ticks(Duration timeout) {
    return Math.max(1, (timeout.toSeconds() + tick(timeout) - 1) / tick(timeout));
  }
}
