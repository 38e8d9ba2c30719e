package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.GpuRequest;
import java.util.List;

/** A GPU request as JSON: a count (a number or {@code "all"}) or device ids, and maybe a model. */
final class GpuCodec {
  private static final String ALL = "all";

  private GpuCodec() {}

  static ObjectNode write(GpuRequest gpu) {
    ObjectNode json = Json.object();
    if (!gpu.ids().isEmpty()) {
      ArrayNode ids = json.putArray("ids");
      gpu.ids().forEach(ids::add);
    } else if (gpu.count() == GpuRequest.ALL) {
      json.put("count", ALL);
    } else {
      json.put("count", gpu.count());
    }
    if (gpu.model() != null) {
      json.put("model", gpu.model());
    }
    return json;
  }

  static GpuRequest read(Fields json) throws FormatException {
    int count = 0;
    if (json.isText("count")) {
      if (!json.text("count").equals(ALL)) {
        throw json.bad("count", "must be a whole number or \"all\"");
      }
      count = GpuRequest.ALL;
    } else if (json.has("count")) {
      count = json.integer("count");
    }
    List<String> ids = json.has("ids") ? json.texts("ids") : List.of();
    String model = json.textOrNull("model");
    json.end();
    try {
      return new GpuRequest(count, ids, model);
    } catch (IllegalArgumentException e) {
      throw json.bad(e.getMessage());
    }
  }
}
