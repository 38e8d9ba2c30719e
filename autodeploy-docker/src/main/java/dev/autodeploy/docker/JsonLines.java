package dev.autodeploy.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * A stream of JSON values from the daemon: events, or the progress of a pull. It is read by the one
 * thread that calls {@link #forEach} and ended by anybody, before it begins as well.
 */
final class JsonLines implements AutoCloseable {
  /** The length of a value; one without an end would fill the memory. */
  private static final long MAX_VALUE_BYTES = 1 << 20;

  private final String doing;
  private final DaemonTransport.Exchange exchange;

  JsonLines(String doing, DaemonTransport.Exchange exchange) {
    this.doing = doing;
    this.exchange = exchange;
  }

  /** Reads up to the end of the stream; returns normally as well when it was closed meanwhile. */
  void forEach(Runnable opened, Consumer<JsonNode> reader) {
    try (DaemonTransport.Answer answer = exchange.open()) {
      if (answer.getStatusCode() != 200) {
        byte[] text = answer.getBody().readNBytes(1 << 16);
        throw DockerDaemonException.answered(doing, new String(text, StandardCharsets.UTF_8));
      }
      opened.run();
      LimitedInput body = new LimitedInput(answer.getBody(), MAX_VALUE_BYTES);
      try (MappingIterator<JsonNode> values =
          DaemonClient.JSON.readerFor(JsonNode.class).readValues((InputStream) body)) {
        while (values.hasNextValue()) {
          body.restart();
          reader.accept(values.nextValue());
        }
      }
    } catch (IOException | UncheckedIOException e) {
      if (!exchange.isClosed()) {
        throw DockerDaemonException.of(doing, e);
      }
    }
  }

  boolean isClosed() {
    return exchange.isClosed();
  }

  @Override
  public void close() {
    exchange.close();
  }
}
