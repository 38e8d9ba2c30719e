package dev.autodeploy.proxy.netty;

import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.AsciiString;

/** A response decoder that knows what was asked, and takes no body with two lengths. */
final class StrictResponseDecoder extends HttpResponseDecoder {
  private boolean toHead;

  StrictResponseDecoder() {
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(64 * 1024)
            .setMaxHeaderSize(64 * 1024)
            .setMaxChunkSize(128 * 1024)
            .setStrictLineParsing(true)
            .setUseRfc9112TransferEncoding(true)
            .setAllowDuplicateContentLengths(false)
            .setHeadersFactory(DecodedFields.OF_HEADS)
            .setTrailersFactory(DecodedFields.OF_TRAILERS));
  }

  /** Says what the next response is to. */
  void expect(String method) {
    toHead = method.equals("HEAD");
  }

  /** Returns whether there is more than the response that was decoded. */
  boolean hasMore() {
    return actualReadableBytes() > 0;
  }

  @Override
  protected boolean isContentAlwaysEmpty(HttpMessage message) {
    return toHead || super.isContentAlwaysEmpty(message);
  }

  @Override
  protected AsciiString splitHeaderName(byte[] line, int start, int length) {
    AsciiString usual = UsualNames.find(line, start, length);
    return usual == null ? super.splitHeaderName(line, start, length) : usual;
  }

  @Override
  protected HttpMessage createMessage(String[] line) {
    if (!line[0].equals("HTTP/1.1") && !line[0].equals("HTTP/1.0")) {
      throw new IllegalArgumentException("the response does not begin with HTTP/1.1");
    }
    return super.createMessage(line);
  }

  @Override
  protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
    throw new IllegalArgumentException("the response's framing is ambiguous");
  }
}
