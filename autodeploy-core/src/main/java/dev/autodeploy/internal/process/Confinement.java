package dev.autodeploy.internal.process;

import dev.autodeploy.DeploymentSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The way in which a start command is run: within its limits, and as its user. */
final class Confinement {
  private Confinement() {}

  /** The name of an instance's control groups. */
  static String groupName(String owner, String instanceId) {
    return "autodeploy-" + owner + "-" + instanceId;
  }

  /** Refuses limits that cannot be set on this machine. */
  static void check(DeploymentSpec spec) {
    if (!Cgroups.areNeeded(spec)) {
      return;
    }
    try {
      Cgroups.create("autodeploy-check-" + UUID.randomUUID(), spec).remove();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "deployment '"
              + spec.name()
              + "' has limits (memoryBytes, cpus, maxProcesses), but this process may not make a"
              + " control group for its local processes ("
              + e.getMessage()
              + "): run it with Delegate=yes of systemd or as root on Linux, or leave them out",
          e);
    }
  }

  /**
   * Returns the command that joins the groups, becomes the user and then the start command.
   *
   * @param groups the control groups, or null without limits
   * @param user the user, or null for that of this process
   */
  static String wrap(String command, @Nullable Cgroups groups, @Nullable String user) {
    StringBuilder line = new StringBuilder();
    if (groups != null) {
      for (Path processes : groups.processes()) {
        line.append("echo 0 >").append(quoted(processes.toString())).append(" || exit 125\n");
      }
    }
    if (user != null) {
      line.append("HOME=~").append(user).append(" USER=").append(user);
      line.append(" LOGNAME=").append(user).append("\nexport HOME USER LOGNAME\n");
      line.append("exec setpriv --reuid=").append(user);
      line.append(" --regid=\"$(id -g ").append(user).append(")\" --init-groups");
      line.append(" --inh-caps=-all /bin/sh -c ").append(quoted(command));
    } else if (groups != null) {
      line.append("exec /bin/sh -c ").append(quoted(command));
    } else {
      line.append(command);
    }
    return line.toString();
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
