package dev.autodeploy.docker;

import dev.autodeploy.internal.util.HeartbeatShell;
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

  /** The number of words before the command. */
  private static final int WORDS = 9;

  /** Arguments: seconds of a tick, ticks, seconds of grace, stop signal, ticker, command. */
  private static final String SCRIPT =
      HeartbeatShell.script(
          """
          tick=$1 limit=$2 grace=$3 sig=$4 ticks=$5; shift 5
          n=0 stop= hit=
          trap 'n=0 hit=1' URG
          trap 'n=$((n+1)) hit=1' ALRM
          trap 'stop=$sig hit=1' TERM INT "$sig"
          """);

  private HeartbeatWrapper() {}

  /** Returns the command line that runs another one and takes heartbeats. */
  static List<String> wrap(
      List<String> command, Duration timeout, Duration grace, String stopSignal) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", SCRIPT, "autodeploy"));
    line.add(String.valueOf(HeartbeatShell.tick(timeout)));
    line.add(String.valueOf(HeartbeatShell.ticks(timeout)));
    line.add(String.valueOf(Math.max(1, grace.toSeconds())));
    line.add(stopSignal);
    line.add(HeartbeatShell.TICKER);
    line.addAll(command);
    return line;
  }

  /** Returns the command line that was wrapped, or the line itself if it was not. */
  static List<String> unwrap(List<String> line) {
    return line.size() > WORDS && line.get(2).equals(SCRIPT)
        ? line.subList(WORDS, line.size())
        : line;
  }

  /** Returns how often a container with this timeout is signalled. */
  static Duration beatInterval(Duration timeout) {
    return timeout.dividedBy(4);
  }
}
