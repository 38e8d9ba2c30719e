package dev.autodeploy.proxy.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request decoder that takes only request lines as RFC 9112 has them: single spaces, and a
 * version in capitals. It can pause behind a request, whose successor may be no HTTP.
 */
final class StrictRequestDecoder extends HttpRequestDecoder {
  private static final int MAX_PAUSED = 64 * 1024;

  /** A client that knows that HTTP/2 is spoken here begins with this (RFC 9113, 3.4). */
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private int firstEnd;
  private int secondEnd;
  private boolean paused;
  private boolean begun;

  /** The bytes of a head that were read, and are kept here until it is whole. */
  private int begunBytes;

  private @Nullable Runnable whenHttp2;

  StrictRequestDecoder() {
    // Explicitly what are defaults: system properties of the host application could change them.
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(17 * 1024)
            .setMaxHeaderSize(128 * 1024)
            .setMaxChunkSize(128 * 1024)
            .setStrictLineParsing(true)
            .setUseRfc9112TransferEncoding(true)
            .setAllowDuplicateContentLengths(false)
            .setHeadersFactory(DecodedFields.OF_HEADS)
            .setTrailersFactory(DecodedFields.OF_TRAILERS));
  }

  /** Sets what to do, before anything else is read, with a connection that speaks HTTP/2. */
  void whenHttp2(Runnable task) {
    whenHttp2 = task;
  }

  /** Leaves what follows the current request as it is. */
  void pause() {
    paused = true;
  }

  /** Goes on with what was left, after the current step. */
  void resume(Channel channel) {
    if (paused) {
      paused = false;
      channel.eventLoop().execute(() -> decodeRest(channel));
    }
  }

  private void decodeRest(Channel channel) {
    ChannelHandlerContext here = channel.pipeline().context(this);
    if (here != null) {
      try {
        channelRead(here, Unpooled.EMPTY_BUFFER);
        here.fireChannelReadComplete(); // what is left may be half a head
      } catch (Exception e) {
        here.fireExceptionCaught(e);
      }
    }
  }

  /** Returns whether it has decoded all that came, and may decode what comes. */
  boolean isIdle() {
    return !paused && !hasPartial();
  }

  /** Returns whether there are bytes that are no whole head or chunk yet. */
  boolean hasPartial() {
    return partialBytes() > 0;
  }

  /** Returns how many bytes there are that are no whole head or chunk yet. */
  int partialBytes() {
    return actualReadableBytes() + begunBytes;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out)
      throws Exception {
    if (!begun && whenHttp2 != null) {
      int same = prefaceBytes(in);
      if (same == PREFACE.length) {
        begun = true;
        whenHttp2.run(); // removes this handler, which hands on what there is
        return;
      }
      if (same == in.readableBytes()) {
        return; // it may become one
      }
      begun = true;
    }
    if (!paused) {
      int messages = out.size();
      int bytes = in.readableBytes();
      super.decode(context, in, out);
      begunBytes = out.size() > messages ? 0 : begunBytes + bytes - in.readableBytes();
    } else if (in.readableBytes() > MAX_PAUSED) {
      context.channel().config().setAutoRead(false);
    }
  }

  /** Returns how many bytes are those of the preface. */
  private static int prefaceBytes(ByteBuf in) {
    int same = 0;
    int length = Math.min(in.readableBytes(), PREFACE.length);
    while (same < length && in.getByte(in.readerIndex() + same) == PREFACE[same]) {
      same++;
    }
    return same;
  }

  @Override
  protected String splitFirstWordInitialLine(byte[] line, int start, int length) {
    firstEnd = start + length;
    return super.splitFirstWordInitialLine(line, start, length);
  }

  @Override
  protected String splitSecondWordInitialLine(byte[] line, int start, int length) {
    requireOneSpace(line, firstEnd, start);
    secondEnd = start + length;
    return super.splitSecondWordInitialLine(line, start, length);
  }

  @Override
  protected String splitThirdWordInitialLine(byte[] line, int start, int length) {
    requireOneSpace(line, secondEnd, start);
    return super.splitThirdWordInitialLine(line, start, length);
  }

  private static void requireOneSpace(byte[] line, int end, int start) {
    if (start != end + 1 || line[end] != ' ') {
      throw new IllegalArgumentException("the words of a request line stand one space apart");
    }
  }

  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    AsciiString usual = UsualNames.find(line, start, length);
    return usual == null ? super.splitHeaderName(line, start, length) : usual;
  }

  @Override
  protected HttpMessage createMessage(String[] line) throws Exception {
    if (!line[2].equals("HTTP/1.1") && !line[2].equals("HTTP/1.0")) {
      throw new IllegalArgumentException("the version is not HTTP/1.1");
    }
    return super.createMessage(line);
  }
}
