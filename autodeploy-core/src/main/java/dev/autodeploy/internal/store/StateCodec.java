package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.ArrayList;
import java.util.List;

/**
 * The stored state as one JSON document. Its version counts for the whole directory, the ledger
 * too: whoever changes the form of either counts it up.
 */
final class StateCodec {
  static final int VERSION = 1;

  private StateCodec() {}

  static ObjectNode write(StoredState state) {
    ObjectNode json = Json.object();
    json.put("version", VERSION);
    if (state.owner() != null) {
      json.put("owner", state.owner());
    }
    ArrayNode deployments = json.putArray("deployments");
    for (StoredDeployment deployment : state.deployments()) {
      ObjectNode d = deployments.addObject();
      d.put("createdAt", deployment.createdAt().toString());
      d.set("spec", SpecCodec.write(deployment.spec()));
    }
    return json;
  }

  static StoredState read(Fields json) throws FormatException, NewerVersion {
    int version = json.integer("version");
    if (version > VERSION) {
      throw new NewerVersion(version);
    }
    if (version < 1) {
      throw json.bad("version", "must be 1 or more");
    }
    String owner = json.textOrNull("owner");
    List<StoredDeployment> deployments = new ArrayList<>();
    for (Fields d : json.objects("deployments")) {
      deployments.add(
          new StoredDeployment(SpecCodec.read(d.object("spec")), d.instant("createdAt")));
      d.end();
    }
    json.end();
    return new StoredState(owner, deployments);
  }

  /** A later version of this library wrote the document. */
  static final class NewerVersion extends Exception {
    private static final long serialVersionUID = 1L;

    /** The document's version. */
    private final int version;

    NewerVersion(int version) {
      super("format version " + version);
      this.version = version;
    }

    int version() {
      return version;
    }
  }
}
