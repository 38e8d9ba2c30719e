package dev.autodeploy.proxy.netty;

import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;

/** The sizes in which all connections read and write. */
final class Sockets {
  /** The most that is read at once: a body of 64 KB and its header come in one piece. */
  private static final int MAX_READ = SpareBuffer.LARGE;

  /**
   * The number of such reads before others have their turn: a body of 1 MB takes a fifth less of
   * the processor with four than with one, and twice as many gain little.
   */
  private static final int TURN = 4;

  /** The amount that is read at once: as much as came lately. */
  static final RecvByteBufAllocator READS = new ReadSizes(MAX_READ, TURN);

  /** The amount that waits to be written before the other side is read no more: over one turn. */
  static final WriteBufferWaterMark WRITES =
      new WriteBufferWaterMark(64 * 1024, TURN * MAX_READ + 64 * 1024);

  private Sockets() {}
}
