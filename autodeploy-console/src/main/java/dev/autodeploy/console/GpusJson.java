package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.SharedGpus;

/** The GPUs that deployments share, and what all instances have together, in JSON. */
final class GpusJson {
  private GpusJson() {}

  static ObjectNode of(SharedGpus shared) {
    ObjectNode json = ConsoleJson.object();
    ArrayNode gpus = json.putArray("gpus");
    shared.gpus().forEach(gpu -> gpus.add(gpu(gpu)));
    ArrayNode waiting = json.putArray("waiting");
    for (SharedGpus.Waiting one : shared.waiting()) {
      ObjectNode node = waiting.addObject();
      node.put("deployment", one.deployment());
      node.put("place", one.place().place());
      node.put("why", one.place().describe());
      ConsoleJson.put(node, "since", one.place().since());
      ConsoleJson.put(node, "expectedAt", one.place().expectedAt());
    }
    SharedGpus.Host host = shared.host();
    if (host == null) {
      json.putNull("host");
    } else {
      json.putObject("host")
          .put("instances", host.instances())
          .put("maxInstances", host.maxInstances())
          .put("memoryBytes", host.memoryBytes())
          .put("hostMemoryBytes", host.hostMemoryBytes());
    }
    return json;
  }

  private static ObjectNode gpu(SharedGpus.Gpu gpu) {
    ObjectNode json = ConsoleJson.object();
    json.put("id", gpu.id()).put("model", gpu.model()).put("memoryBytes", gpu.memoryBytes());
    ArrayNode holders = json.putArray("holders");
    for (SharedGpus.Holder holder : gpu.holders()) {
      holders
          .addObject()
          .put("deployment", holder.deployment())
          .put("instanceId", holder.instanceId())
          .put("phase", DeploymentJson.word(holder.phase()))
          .put("inFlight", holder.inFlight())
          .put("memoryBytes", holder.memoryBytes());
    }
    ArrayNode stays = json.putArray("stays");
    for (SharedGpus.Stay stay : gpu.stays()) {
      ObjectNode node = stays.addObject().put("deployment", stay.deployment());
      ConsoleJson.put(node, "from", stay.from());
      ConsoleJson.put(node, "to", stay.to());
    }
    json.put("swaps", gpu.swaps());
    return json;
  }
}
