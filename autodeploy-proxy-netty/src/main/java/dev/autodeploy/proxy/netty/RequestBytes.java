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
    ByteBuf out = allocator.buffer(512);
    ResponseBytes.text(out, request.method() + " " + basePath + request.target() + " HTTP/1.1\r\n");
    if (request.headers().first("Host") == null) {
      ResponseBytes.text(out, "Host: " + authority + "\r\n");
    }
    ResponseBytes.fields(out, request.headers());
    if (request.bodyLength() == RequestHead.CHUNKED) {
      ResponseBytes.text(out, "Transfer-Encoding: chunked\r\n");
    } else if (request.bodyLength() > 0 || expectsBody(request.method())) {
      ResponseBytes.text(out, "Content-Length: " + request.bodyLength() + "\r\n");
    }
    ResponseBytes.text(out, "\r\n");
    return out;
  }

  private static boolean expectsBody(String method) {
    return method.equals("POST") || method.equals("PUT") || method.equals("PATCH");
  }
}
