package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two connections, or a stream and a connection, whose bytes pass across as they are, after a
 * switch of protocols. Each side is read only as fast as the other takes; either may end its half.
 * When no byte has passed for as long as a tunnel may be silent it is closed, as nobody may be at
 * its ends. Runs on one loop.
 */
final class Tunnel {
  private static final Logger LOG = LoggerFactory.getLogger(Tunnel.class);

  private final TunnelEnd client;
  private final TunnelEnd instance;
  private final Ended whenEnded;
  private final long silenceNanos;
  private long lastByte = System.nanoTime();
  private @Nullable ScheduledFuture<?> watch;
  private long count;
  private boolean clientOpen = true;
  private boolean instanceOpen = true;

  /** Is told of the end. */
  interface Ended {

    /**
     * Both sides have closed.
     *
     * @param bytes how many bytes came from the instance
     */
    void ended(long bytes);
  }

  /**
   * Creates a tunnel.
   *
   * @param client the client's side
   * @param instance the instance's side
   * @param silence how long no byte has to pass for it to be closed
   * @param whenEnded is told when both have closed
   */
  Tunnel(TunnelEnd client, TunnelEnd instance, Duration silence, Ended whenEnded) {
    this.client = client;
    this.instance = instance;
    this.whenEnded = whenEnded;
    silenceNanos = silence.toNanos();
    watch = watchAfter(silenceNanos);
    instance.setReading(true);
  }

  private ScheduledFuture<?> watchAfter(long nanos) {
    return client.loop().schedule(this::watch, nanos, TimeUnit.NANOSECONDS);
  }

  private void watch() {
    long left = silenceNanos - (System.nanoTime() - lastByte);
    if (left > 0) {
      watch = watchAfter(left);
      return;
    }
    LOG.debug("A tunnel was silent for {} s, and is closed", silenceNanos / 1_000_000_000L);
    client.close();
    instance.close();
  }

  void fromClient(ByteBuf bytes) {
    lastByte = System.nanoTime();
    instance.write(bytes);
  }

  void fromInstance(ByteBuf bytes) {
    lastByte = System.nanoTime();
    count += bytes.readableBytes();
    client.write(bytes);
  }

  void clientReadComplete() {
    instance.flush();
    client.setReading(instance.isWritable());
  }

  void instanceReadComplete() {
    client.flush();
    instance.setReading(client.isWritable());
  }

  void clientWritabilityChanged() {
    instance.setReading(client.isWritable());
  }

  void instanceWritabilityChanged() {
    client.setReading(instance.isWritable());
  }

  void clientEnded() {
    instance.endOutput();
  }

  void instanceEnded() {
    client.endOutput();
  }

  void clientClosed() {
    clientOpen = false;
    instance.closeOnceWritten();
    endIfBothClosed();
  }

  void instanceClosed() {
    instanceOpen = false;
    client.closeOnceWritten();
    endIfBothClosed();
  }

  private void endIfBothClosed() {
    if (!clientOpen && !instanceOpen) {
      ScheduledFuture<?> pending = watch;
      if (pending != null) {
        pending.cancel(false);
      }
      whenEnded.ended(count);
    }
  }
}
