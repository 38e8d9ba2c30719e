package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;

/** One of the two sides of a {@link Tunnel}. Used on its loop. */
interface TunnelEnd {

  EventLoop loop();

  /** Sends bytes, which are released. */
  void write(ByteBuf bytes);

  void flush();

  /** Returns whether it takes more without a growing queue. */
  boolean isWritable();

  /** Sets whether what it says is read. */
  void setReading(boolean value);

  /** Ends the half that is written, once all of it was taken. */
  void endOutput();

  /** Closes it, once all that was written was taken. */
  void closeOnceWritten();

  /** Closes it. */
  void close();
}
