package dev.autodeploy.kubernetes;

import dev.autodeploy.internal.util.HeartbeatShell;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A dead man's switch for a pod: a POSIX shell script that runs the service and ends it when the
 * first line of a file, the heartbeat, has not changed for the timeout. It passes the stop signal
 * on to every process of the container and keeps the service's exit code.
 */
final class HeartbeatScript {
  /** The line that the script writes, once, when there is no heartbeat in the file. */
  static final String UNREAD =
      "autodeploy: the heartbeat of the host application cannot be read from its mount; the service"
          + " ends if that goes on";

  /**
   * Arguments: the file, seconds of a tick, ticks, seconds of grace, ticker, command. A kubelet
   * sends the image's stop signal, which nobody tells: of those that only end services, the one
   * that comes goes to the service. Others are for reloads as well, and end nothing.
   */
  private static final String SCRIPT =
      HeartbeatShell.script(
          """
          file=$1 tick=$2 limit=$3 grace=$4 sig=TERM ticks=$5; shift 5
          n=0 last= stop= hit= blind=
          look() {
            beat=
            [ -r "$file" ] && read -r beat < "$file"
            [ -n "$beat$blind" ] || { blind=1; echo "UNREAD"; }
            if [ -n "$beat" ] && [ "$beat" != "$last" ]; then last=$beat n=0; else n=$((n+1)); fi
          } 2>/dev/null
          trap 'look; hit=1' ALRM
          for s in TERM INT QUIT WINCH; do trap "stop=$s hit=1" $s; done
          """
              .replace("UNREAD", UNREAD));

  private HeartbeatScript() {}

  /** Returns the command line that runs another one and looks for heartbeats. */
  static List<String> wrap(List<String> command, String file, Duration timeout, Duration grace) {
    List<String> line = new ArrayList<>();
    line.addAll(List.of("/bin/sh", "-c", SCRIPT, "autodeploy"));
    line.add(file);
    line.add(String.valueOf(HeartbeatShell.tick(timeout)));
    line.add(String.valueOf(HeartbeatShell.ticks(timeout)));
    line.add(String.valueOf(Math.max(1, grace.toSeconds())));
    line.add(HeartbeatShell.TICKER);
    line.addAll(command);
    return line;
  }
}
