package dev.autodeploy.proxy.netty;

import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The moment at which a connection is closed, which every request puts off. Its one task of the
 * loop looks again when it runs, as to make and cancel one for each request would cost more. Used
 * on the loop of the connection.
 */
final class CloseTimer implements Runnable {
  private @Nullable Channel channel;
  private @Nullable ScheduledFuture<?> pending;
  private long closesAt;

  /** Closes a channel after a time, in place of what was set before. */
  void set(Channel which, long millis) {
    channel = which;
    closesAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    ScheduledFuture<?> known = pending;
    if (known == null || known.getDelay(TimeUnit.MILLISECONDS) > millis) {
      cancel(known);
      pending = which.eventLoop().schedule(this, millis, TimeUnit.MILLISECONDS);
    }
  }

  /** Closes the channel at no time; the task stays, and will find nothing to do. */
  void clear() {
    channel = null;
  }

  /** Closes the channel at no time, and leaves no task behind. */
  void stop() {
    channel = null;
    cancel(pending);
    pending = null;
  }

  private static void cancel(@Nullable ScheduledFuture<?> task) {
    if (task != null) {
      task.cancel(false);
    }
  }

  @Override
  public void run() {
    pending = null;
    Channel which = channel;
    if (which == null) {
      return;
    }
    long left = closesAt - System.nanoTime();
    if (left <= 0) {
      which.close();
    } else {
      pending = which.eventLoop().schedule(this, left, TimeUnit.NANOSECONDS);
    }
  }
}
