package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Problem;
import dev.autodeploy.proxy.gateway.RequestGuard;
import dev.autodeploy.proxy.gateway.RequestHead;
import dev.autodeploy.proxy.gateway.TrailerRules;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Turns Netty's heads into the gateway's. */
final class RequestHeads {
  private RequestHeads() {}

  static RequestHead of(HttpRequest request, Channel channel, boolean secure) {
    HttpHeaders headers = DecodedFields.of(request.headers());
    return new RequestHead(
        request.method().name(),
        request.uri(),
        request.protocolVersion().text(),
        headers,
        bodyLength(headers),
        (InetSocketAddress) channel.remoteAddress(),
        (InetSocketAddress) channel.localAddress(),
        secure);
  }

  /** Returns what is wrong with a head that could not be decoded. */
  static Problem problem(@Nullable Throwable failure) {
    if (failure instanceof TooLongHttpLineException) {
      return RequestGuard.targetTooLong();
    }
    return failure instanceof TooLongHttpHeaderException
        ? RequestGuard.headerTooLarge()
        : RequestGuard.malformed();
  }

  /** Returns the fields behind a body that may pass. */
  static HttpHeaders trailers(LastHttpContent last) {
    return last.trailingHeaders().isEmpty()
        ? NettyExchange.NO_TRAILERS
        : TrailerRules.passing(DecodedFields.of(last.trailingHeaders()));
  }

  /** Reads the length as the decoder does; the guard refuses what could be read otherwise. */
  private static long bodyLength(HttpHeaders headers) {
    boolean none =
        headers.first("Transfer-Encoding") == null && headers.first("Content-Length") == null;
    return none ? 0 : declaredLength(headers);
  }

  /** Returns the length of a body that there is, as far as it is known. */
  static long declaredLength(HttpHeaders headers) {
    String length = headers.first("Content-Length");
    if (length == null || headers.first("Transfer-Encoding") != null) {
      return RequestHead.CHUNKED;
    }
    try {
      return Long.parseLong(length);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
