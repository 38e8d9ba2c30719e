package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * The bytes of a client's connection of HTTP/2 that are no whole frame or no whole head yet: they
 * wait in the codec, which tells nothing of them. It sees what comes before the codec does. Runs on
 * the connection's loop.
 */
final class PartialFrames extends ChannelInboundHandlerAdapter {
  private static final int PREFACE_BYTES = 24;
  private static final int HEADER_BYTES = 9;
  private static final int HEADERS = 1;
  private static final int CONTINUATION = 9;
  private static final int END_HEADERS = 4;

  private int prefaceLeft = PREFACE_BYTES;
  private int headerBytes;
  private int length;
  private int type;
  private int flags;
  private int left;
  private int head;

  /** Returns whether a frame or a head has begun that is not whole. */
  boolean isPartial() {
    return headerBytes > 0 || head > 0;
  }

  /** Returns how many bytes there are of a head that is not whole. */
  int headBytes() {
    return head + (headerBytes == HEADER_BYTES && isOfHead() ? length - left : 0);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (message instanceof ByteBuf bytes) {
      look(bytes);
    }
    context.fireChannelRead(message);
  }

  private void look(ByteBuf bytes) {
    int end = bytes.writerIndex();
    int at = bytes.readerIndex() + Math.min(prefaceLeft, bytes.readableBytes());
    prefaceLeft -= at - bytes.readerIndex();
    while (at < end) {
      if (headerBytes < HEADER_BYTES) {
        ofHeader(bytes.getUnsignedByte(at++));
      } else {
        int more = Math.min(left, end - at);
        left -= more;
        at += more;
      }
      if (headerBytes == HEADER_BYTES && left == 0) {
        ended();
      }
    }
  }

  private void ofHeader(int value) {
    switch (headerBytes++) {
      case 0 -> length = value;
      case 1, 2 -> length = length << 8 | value;
      case 3 -> type = value;
      case 4 -> flags = value;
      default -> left = length; // the stream's number, and then the payload
    }
  }

  private void ended() {
    headerBytes = 0;
    if (isOfHead()) {
      head = (flags & END_HEADERS) == 0 ? head + HEADER_BYTES + length : 0;
    }
  }

  private boolean isOfHead() {
    return type == HEADERS || type == CONTINUATION;
  }
}
