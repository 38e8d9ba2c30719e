package dev.autodeploy.internal.util;

import java.time.Duration;

/**
 * The parts that dead man's switches share: POSIX shell scripts which run a service in a container
 * and end it when no heartbeat has come for a timeout. How heartbeats come is the provider's.
 *
 * <p>Time is counted in ticks, signals {@code ALRM} of a second script: a shell that cannot fork
 * exits, so the one that runs the service never starts a {@code sleep} while it serves.
 *
 * <p>Bash loses the end of a process for good if a trapped signal comes in the moment in which its
 * {@code wait} hears of it, and waits for ever. So there the script reads from a pipe into which
 * nobody writes, which a tick's time, a signal or the end of the service ends, and needs no second
 * script.
 */
public final class HeartbeatShell {
  /** The line that a script writes when it ends the service. */
  public static final String EXPIRED =
      "autodeploy: no heartbeat from the host application, stopping";

  /** The line that a script writes, once, when it can no longer wait without taking a processor. */
  public static final String CROWDED =
      "autodeploy: there is no process left for the pauses between looks at the heartbeats (limit"
          + " of processes, or an image without sleep), so they take processor time; the service"
          + " still ends without heartbeats";

  /** The line that a script writes, once, when it can no longer count the time. */
  public static final String TIMELESS =
      "autodeploy: there is neither a process left for the pauses between looks at the heartbeats"
          + " nor a time in /proc/uptime; until there is one the service does not end without"
          + " heartbeats";

  /**
   * The shell functions of a pause without a further process: a service at its limit of processes
   * leaves none to {@code sleep}. {@code nap} waits for some seconds, {@code pause} does so and
   * writes what has become of the switch, once: {@code said} is empty before, then {@code again}
   * or, without a clock, {@code blind}. Both fail without a clock.
   */
  public static final String PAUSE =
      """
      nap() {
        { read -r t r </proc/uptime; } 2>/dev/null || return 1
        e=$((${t%.*}+$1))
        while read -r t r </proc/uptime && [ "${t%.*}" -lt $e ]; do :; done
      }
      pause() {
        [ -n "$said" ] || { said=again; echo "CROWDED" >&2; }
        nap "$1" && return 0
        [ "$said" = blind ] || { said=blind; echo "TIMELESS" >&2; }
        return 1
      }
      """
          .replace("CROWDED", CROWDED)
          .replace("TIMELESS", TIMELESS);

  /**
   * Sends a process {@code ALRM} at every tick. Arguments: seconds of a tick, process, this script,
   * and {@code crowded} or what was said if the last tick could not fork. It then counts the time
   * by itself, and tries again.
   */
  public static final String TICKER =
      """
      trap '' URG
      trap 'trap - EXIT; kill $s 2>/dev/null; exit 0' TERM
      PAUSE
      said=${4#crowded}
      if [ -n "$4" ] && pause "$1"; then
        kill -ALRM "$2" || exit 0
      fi
      trap 'exec /bin/sh -c "$3" autodeploy "$1" "$2" "$3" "${said:-crowded}"' EXIT
      while :; do
        sleep "$1" & s=$!
        wait $s
        case $? in 126|127) pause "$1" || continue; esac
        kill -ALRM "$2" || { trap - EXIT; exit 0; }
      done
      """
          .replace("PAUSE", PAUSE);

  /**
   * Only in a process space of its own (it is process 1, or its parent is) it signals everybody.
   */
  private static final String SERVE =
      """
      "$@" & child=$!
      silence= ticker=
      # Bash whose read a trapped signal ends, as it does only by the letter of POSIX.
      case ${BASH_VERSINFO:+$BASH_VERSION} in 4.[3-9]*|[5-9].*)
        set +o posix
        eval 'exec 9<> <(:)' && silence=1
        set -o posix
      esac 2>/dev/null
      if [ -n "$silence" ]; then
        trap 'hit=1' CHLD
        ticked=$SECONDS
      else
        /bin/sh -c "$ticks" autodeploy "$tick" $$ "$ticks" </dev/null & ticker=$!
      fi
      signal() {
        if [ $$ = 1 ] || [ "$PPID" = 1 ]; then kill "-$1" -1; else kill "-$1" $child; fi
      } 2>/dev/null
      while :; do
        hit=
        if [ -n "$silence" ]; then
          read -r -t "$tick" -u 9 code
          # A signal may have ended it early, and the clock may have been set back.
          [ "$SECONDS" -ge $ticked ] || ticked=$SECONDS
          [ $((SECONDS-ticked)) -lt "$tick" ] || { ticked=$SECONDS; kill -ALRM $$; }
          hit=1 code=127
        else
          wait $child; code=$?
        fi
        [ -n "$stop" ] && break
        [ $n -ge "$limit" ] && break
        # A signal's number may come without its trap: bash runs that before hit is cleared.
        if [ -z "$hit" ] && [ $code -le 128 ]; then exit $code; fi
        kill -0 $child 2>/dev/null && continue
        trap '' URG ALRM
        trap - CHLD
        # A signal that came before may still interrupt it.
        for again in 1 2 3; do
          wait $child 2>/dev/null; again=$?
          [ $again = 127 ] && break
          code=$again
        done
        exit $code
      done
      trap '' URG ALRM
      trap - CHLD
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
