package dev.autodeploy.internal.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.ProviderInstance;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The record of an instance, written before it can run. Immutable.
 *
 * @param owner its owner
 * @param instanceId its id
 * @param deployment its deployment's name
 * @param slot its slot
 * @param fingerprint its fingerprint
 * @param port the port that it was told
 * @param gpus the ids of the GPUs that it was given
 * @param epoch the epoch of the leader that started it, or 0
 * @param startedAt when its start began
 * @param boot the run of the machine in which {@code watcher} means something
 * @param watcher the watcher that runs its command
 */
record InstanceRecord(
    String owner,
    String instanceId,
    String deployment,
    int slot,
    String fingerprint,
    int port,
    List<String> gpus,
    long epoch,
    Instant startedAt,
    String boot,
    ProcessId watcher) {
  private static final int VERSION = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  byte[] toJson() {
    ObjectNode node = JSON.createObjectNode();
    node.put("version", VERSION);
    node.put("owner", owner);
    node.put("instanceId", instanceId);
    node.put("deployment", deployment);
    node.put("slot", slot);
    node.put("fingerprint", fingerprint);
    node.put("port", port);
    if (!gpus.isEmpty()) {
      gpus.forEach(node.putArray("gpus")::add);
    }
    if (epoch != 0) {
      node.put("epoch", epoch);
    }
    node.put("startedAt", startedAt.toString());
    node.put("boot", boot);
    node.put("watcherPid", watcher.pid());
    node.put("watcherStart", watcher.start());
    return node.toPrettyString().getBytes(StandardCharsets.UTF_8);
  }

  /** Reads it back. */
  static InstanceRecord parse(byte[] json) throws IOException {
    try {
      JsonNode node = JSON.readTree(json);
      int version = integer(node, "version");
      if (version != VERSION) {
        throw new IOException("it has version " + version + ", and this can read " + VERSION);
      }
      return new InstanceRecord(
          text(node, "owner"),
          text(node, "instanceId"),
          text(node, "deployment"),
          integer(node, "slot"),
          text(node, "fingerprint"),
          integer(node, "port"),
          gpus(node),
          node.path("epoch").asLong(),
          Instant.parse(text(node, "startedAt")),
          text(node, "boot"),
          new ProcessId(integer(node, "watcherPid"), text(node, "watcherStart")));
    } catch (JsonProcessingException e) {
      throw new IOException("it is not JSON: " + e.getOriginalMessage(), e);
    } catch (DateTimeException e) {
      throw new IOException("startedAt is not a time", e);
    }
  }

  /** The instance, and how it ended if it has. */
  ProviderInstance toInstance(@Nullable InstanceExit exit) {
    return ProviderInstance.builder(instanceId, deployment, startedAt)
        .slot(slot)
        .fingerprint(fingerprint)
        .endpoint(endpoint())
        .exit(exit)
        .gpus(gpus)
        .epoch(epoch)
        .build();
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + port);
  }

  private static String text(JsonNode node, String field) throws IOException {
    JsonNode value = node.get(field);
    if (value == null || !value.isTextual()) {
      throw new IOException("it has no text " + field);
    }
    return value.textValue();
  }

  /** Reads the GPUs, which records of earlier versions lack. */
  private static List<String> gpus(JsonNode node) throws IOException {
    List<String> gpus = new ArrayList<>();
    for (JsonNode id : node.path("gpus")) {
      if (!id.isTextual()) {
        throw new IOException("its gpus are not texts");
      }
      gpus.add(id.textValue());
    }
    return List.copyOf(gpus);
  }

  private static int integer(JsonNode node, String field) throws IOException {
    JsonNode value = node.get(field);
    if (value == null || !value.isInt()) {
      throw new IOException("it has no number " + field);
    }
    return value.intValue();
  }
}
