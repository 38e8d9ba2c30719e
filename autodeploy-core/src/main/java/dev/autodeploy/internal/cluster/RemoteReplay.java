package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.autodeploy.internal.replay.RequestRecord;
import dev.autodeploy.internal.wire.WireJson;
import dev.autodeploy.replay.CostReplay;
import dev.autodeploy.replay.Traffic;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;

/**
 * The replay of a deployment as the leader tells it: the requests that it has recorded, some bytes
 * each, and how long a start takes. Idle policy and cost meter of the engine are the same on all
 * replicas, and are the follower's own.
 */
final class RemoteReplay {
  private RemoteReplay() {}

  static JsonNode write(CostReplay replay) {
    Traffic traffic = replay.traffic();
    return WireJson.object()
        .put("from", traffic.from().toString())
        .put("until", traffic.until().toString())
        .put("startDuration", replay.startDuration().toString())
        .put("requests", RequestRecord.document(traffic));
  }

  static CostReplay read(JsonNode json) {
    try {
      Traffic traffic =
          RequestRecord.read(
              json.path("requests").binaryValue(),
              Instant.parse(json.path("from").asText()),
              Instant.parse(json.path("until").asText()));
      return CostReplay.of(traffic)
          .startDuration(Duration.parse(json.path("startDuration").asText()));
    } catch (IOException e) {
      throw new UncheckedIOException("no replay of another replica", e);
    }
  }
}
