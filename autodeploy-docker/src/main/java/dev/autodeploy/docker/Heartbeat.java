package dev.autodeploy.docker;

/** The way in which a container gets its heartbeats, as its label says it. */
enum Heartbeat {
  /** None. */
  NONE("false"),

  /** Process 1 gets them as a signal: the script of {@link HeartbeatWrapper}. */
  WRAPPER("true"),

  /** A process beside process 1 gets them: the script of {@link HeartbeatWatcher}. */
  WATCHER("watcher");

  private final String label;

  Heartbeat(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  /** Reads a label; an unknown one gets none. */
  static Heartbeat of(String label) {
    for (Heartbeat heartbeat : values()) {
      if (heartbeat.label.equals(label)) {
        return heartbeat;
      }
    }
    return NONE;
  }
}
