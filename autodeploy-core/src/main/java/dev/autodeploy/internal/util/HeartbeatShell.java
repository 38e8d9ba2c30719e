package dev.autodeploy.internal.util;

import java.time.Duration;

/**
 * The parts that dead man's switches share: POSIX shell scripts which run a service in a container
 * and end it when no heartbeat has come for a timeout. How heartbeats come is the provider's.
 *
 * <p>Time is counted in ticks, signals {@code ALRM} of a second script: a shell that cannot fork
 * exits, so the one that runs the service never starts a {@code sleep} while it serves.
 */
public final class HeartbeatShell {
  /** The line that a script writes when it ends the service. */
  public static final String EXPIRED =
      "autodeploy: no heartbeat from the host application, stopping";

  /**
   * The shell function {@code nap}, which waits for some seconds without a further process: a
   * service at its limit of processes leaves none to {@code sleep}.
   */
  public static final String NAP =
      """
      nap() {
        read -r t r </proc/uptime || return 1
        e=$((${t%.*}+$1))
        while read -r t r </proc/uptime && [ "${t%.*}" -lt $e ]; do :; done
      }
      """;

  /**
   * Sends a process {@code ALRM} at every tick. Arguments: seconds of a tick, process, this script,
   * anything if the last tick could not fork. It then counts the time by itself, and tries again.
   */
  public static final String TICKER =
      """
      trap '' URG
      trap 'trap - EXIT; kill $s 2>/dev/null; exit 0' TERM
      NAP
      if [ -n "$4" ]; then
        nap "$1" || exit 1
        kill -ALRM "$2" || exit 0
      fi
      trap 'exec /bin/sh -c "$3" autodeploy "$1" "$2" "$3" again' EXIT
      while :; do
        sleep "$1" & s=$!
        wait $s
        kill -ALRM "$2" || { trap - EXIT; exit 0; }
      done
      """
          .replace("NAP", NAP);

  /**
   * Only in a process space of its own (it is process 1, or its parent is) it signals everybody.
   */
  private static final String SERVE =
      """
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
      trap '' URG ALRM
      [ -n "$stop" ] || echo "EXPIRED" >&2
      kill $ticker 2>/dev/null
      signal "${stop:-$sig}"
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

  private static final int TICKS = 24;
  private static final int LONGEST_TICK_SECONDS = 5;

  private HeartbeatShell() {}

  /**
   * Returns the script that runs a service, passes the stop signal on to every process of the
   * container, and keeps the service's exit code.
   *
   * @param beats the lines before it. They take the arguments, so that the command is left; set
   *     {@code tick} and {@code grace} in seconds, {@code limit} in ticks, {@code sig} to the
   *     signal that ends the service, {@code ticks} to {@link #TICKER}, {@code n} to 0, and {@code
   *     stop} and {@code hit} to nothing; and trap signals: {@code ALRM} adds 1 to {@code n}, a
   *     heartbeat makes it 0, a stop signal puts its name into {@code stop}. All put something into
   *     {@code hit}.
   * @return the script
   */
  public static String script(String beats) {
    return beats + SERVE;
  }

  /**
   * Returns the seconds between two looks at the heartbeats.
   *
   * @param timeout the time without a heartbeat after which the service ends
   * @return 1 to 5
   */
  public static long tick(Duration timeout) {
    return Math.max(1, Math.min(LONGEST_TICK_SECONDS, timeout.toSeconds() / TICKS));
  }

  /**
   * Returns after how many looks without a heartbeat the timeout is over.
   *
   * @param timeout the time without a heartbeat after which the service ends
   * @return 1 or more
   */
  public static long ticks(Duration timeout) {
    return Math.max(1, (timeout.toSeconds() + tick(timeout) - 1) / tick(timeout));
  }
}
