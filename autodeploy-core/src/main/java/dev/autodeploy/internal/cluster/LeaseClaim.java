package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.wire.WireJson;
import org.jspecify.annotations.Nullable;

/**
 * An open lease as its replica tells the leader of it.
 *
 * @param id its number, which no other lease of the replica has
 * @param deployment the deployment's name
 * @param instance the instance's id
 * @param caller the caller who pays for it, or null
 */
record LeaseClaim(long id, String deployment, String instance, @Nullable String caller) {

  ObjectNode write() {
    return WireJson.object()
        .put("id", id)
        .put("deployment", deployment)
        .put("instance", instance)
        .put("caller", caller);
  }

  static LeaseClaim read(JsonNode json) {
    return new LeaseClaim(
        json.path("id").asLong(),
        json.path("deployment").asText(),
        json.path("instance").asText(),
        json.path("caller").textValue());
  }
}
