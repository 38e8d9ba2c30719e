package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.Relay;
import dev.autodeploy.proxy.gateway.RequestHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/**
 * Writes the head of a request for an instance by hand: Netty's encoder would write the target in
 * UTF-8, though it was read one char per byte.
 */
final class RequestBytes {
  private RequestBytes() {}

  static ByteBuf head(
      ByteBufAllocator allocator, String authority, String basePath, Relay.Request request) {
    Latin1Text out =
        ResponseBytes.begin()
            .append(request.method())
            .append(' ')
            .append(basePath)
            .append(request.target())
            .append(" HTTP/1.1\r\n");
    if (request.headers().first("Host") == null) {
      out.append("Host: ").append(authority).append("\r\n");
    }
    ResponseBytes.fields(out, request.headers());
    if (request.bodyLength() == RequestHead.CHUNKED) {
      out.append("Transfer-Encoding: chunked\r\n");
    } else if (request.bodyLength() > 0 || expectsBody(request.method())) {
      out.append("Content-Length: ").append(request.bodyLength()).append("\r\n");
    }
    return ResponseBytes.bytes(allocator, out.append("\r\n"), 0);
  }

  private static boolean expectsBody(String method) {
    return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
  }
}
