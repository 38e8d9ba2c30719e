package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line for each request at level DEBUG, under {@code dev.autodeploy.proxy.access}: never a
 * query, a header or a body.
 */
final class AccessLog {
  private static final Logger LOG = LoggerFactory.getLogger("dev.autodeploy.proxy.access");

  private AccessLog() {}

  static Line begin(RequestHead head) {
    return new Line(head);
  }

  /** The outcome of one request. Used by one thread at a time. */
  static final class Line {
    private final RequestHead head;
    private final long beganNanos = System.nanoTime();
    private @Nullable Lease lease;
    private String remark = "";

    private Line(RequestHead head) {
      this.head = head;
    }

    /** Returns when the request came, as {@link System#nanoTime} tells it. */
    long beganNanos() {
      return beganNanos;
    }

    void granted(Lease granted) {
      lease = granted;
    }

    void end(Outcome outcome) {
      remark = outcome.kind().remark();
      end(outcome.status(), outcome.bytes());
    }

    void end(int status, long bytes) {
      if (!LOG.isDebugEnabled()) {
        return;
      }
      Lease granted = lease;
      LOG.debug(
          "{} {} {} {} bytes {} ms{}{}",
          head.remote().getHostString(),
          head.shown(),
          status,
          bytes,
          (System.nanoTime() - beganNanos) / 1_000_000,
          granted == null
              ? ""
              : " "
                  + granted.instanceId()
                  + (granted.coldStart() ? " cold" : granted.woken() ? " woken" : "")
                  + " waited "
                  + granted.waited().toMillis()
                  + " ms",
          remark);
    }
  }
}
