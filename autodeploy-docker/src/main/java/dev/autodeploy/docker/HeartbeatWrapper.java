package dev.autodeploy.docker;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A dead man's switch for a container: a POSIX shell script that runs the service and ends it when
 * no heartbeat, a signal {@code URG}, has come for the timeout. It passes the stop signal on to
 * every process of the container and keeps the service's exit code.
 */
final class HeartbeatWrapper {
  /** The heartbeat: a process that does not expect it ignores it. */
  static final String BEAT = "URG";

  /** The line that the script writes when it ends the service. */
  static final String EXPIRED = "autodeploy: no heartbeat from the host application, stopping";

  /** The number of words before the command. */
  private static final int WORDS = 9;

  private static final int TICKS = 24;
  private static final int LONGEST_TICK_SECONDS = 5;

  /**
   * The shell function {@code nap}, which waits for some seconds without a further process. A shell
   * that cannot fork exits, and a service at its limit of processes leaves none to {@code sleep}.
   */
  static final String NAP =
      """
      nap() {
        read -r t r </proc/uptime || return 1
        e=$((${t%.*}+$1))
        while read -r t r </proc/uptime && [ "${t%.*}" -lt $e ]; do :; done
      }
      """;

  /**
   * Sends a process {@code USR1} at every tick. Arguments: seconds of a tick, process, this script,
   * anything if the last tick could not fork. It then counts the time by itself, and tries again.
   */
  private static final String TICKER =
      """
      trap '' URG
      trap 'trap - EXIT; kill $s 2>/dev/null; exit 0' TERM
      NAP
      if [ -n "$4" ]; then
        nap "$1" || exit 1
        kill -USR1 "$2" || exit 0
      fi
      trap 'exec /bin/sh -c "$3" autodeploy "$1" "$2" "$3" again' EXIT
      while :; do
        sleep "$1" & s=$!
        wait $s
        kill -USR1 "$2" || { trap - EXIT; exit 0; }
      done
      """
          .replace("NAP", NAP);

  /**
   * Arguments: seconds of a tick, ticks of the timeout, seconds of grace, stop signal, the ticker's
   * script, command. Only in a process space of its own (it is process 1, or its parent is)
   * everybody is signalled.
   */
  private static final String SCRIPT =
      """
      tick=$1 limit=$2 grace=$3 sig=$4 ticks=$5; shift 5
      n=0 stop= hit=
      trap 'n=0 hit=1' URG
      trap 'n=$((n+1)) hit=1' USR1
      trap 'stop=1 hit=1' TERM INT "$sig"
      "$@" & child=$!
      /bin/sh -c "$ticks" autodeploy "$tick" $$ "$ticks" </dev/null & ticker=$!
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
      trap '' URG USR1
      [ -n "$stop" ] || echo "EXPIRED" >&2
      kill $ticker 2>/dev/null
      signal "$sig"
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

  private HeartbeatWrapper() {}

  /** Returns the command line that runs another one and takes heartbeats. */
  static List<String> wrap(
      List<String> command, Duration timeout, Duration grace, String stopSignal) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", SCRIPT, "autodeploy"));
    line.add(String.valueOf(tick(timeout)));
    line.add(String.valueOf(ticks(timeout)));
    line.add(String.valueOf(Math.max(1, grace.toSeconds())));
    line.add(stopSignal);
    line.add(TICKER);
    line.addAll(command);
    return line;
  }

  /** Returns the command line that was wrapped, or the line itself if it was not. */
  static List<String> unwrap(List<String> line) {
    return line.size() > WORDS && line.get(2).equals(SCRIPT)
        ? line.subList(WORDS, line.size())
        : line;
  }

  /** Returns the seconds between two looks at the heartbeats. */
  static long tick(Duration timeout) {
    return Math.max(1, Math.min(LONGEST_TICK_SECONDS, timeout.toSeconds() / TICKS));
  }

  /** Returns after how many looks without a heartbeat the timeout is over. */
  static long ticks(Duration timeout) {
    return Math.max(1, (timeout.toSeconds() + tick(timeout) - 1) / tick(timeout));
  }

  /** Returns how often a container with this timeout is signalled. */
  static Duration beatInterval(Duration timeout) {
    return timeout.dividedBy(4);
  }
}
