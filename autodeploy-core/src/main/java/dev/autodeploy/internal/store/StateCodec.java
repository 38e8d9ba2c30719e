package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.internal.spec.SpecJson;
import dev.autodeploy.internal.spec.SpecReader;
import dev.autodeploy.spi.StoredState;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The document that says in which format a directory is. Up to version 1 it holds the deployments
 * itself, since version 2 it names the journal that does. Its version counts for the whole
 * directory, the ledger too: a change of either format increments it.
 */
final class StateCodec {
  static final int VERSION = 2;

  private static final int WITHOUT_JOURNAL = 1;

  private StateCodec() {}

  static ObjectNode write(String journal) {
    ObjectNode json = StrictJson.object();
    json.put("version", VERSION);
    json.put("journal", journal);
    return json;
  }

  static ObjectNode write(StoredDeployment deployment) {
    ObjectNode json = StrictJson.object();
    json.put("createdAt", deployment.createdAt().toString());
    json.set("spec", SpecJson.write(deployment.spec(), SpecJson.Secrets.SHOWN));
    return json;
  }

  /**
   * Reads a document.
   *
   * @return the state that an earlier version has stored in it, or null if a journal has the state
   */
  static @Nullable StoredState read(Fields json) throws FormatException, NewerVersion {
    int version = json.integer("version");
    if (version > VERSION) {
      throw new NewerVersion(version);
    }
    if (version < 1) {
      throw json.bad("version", "must be 1 or more");
    }
    StoredState state = null;
    if (version == WITHOUT_JOURNAL) {
      String owner = json.textOrNull("owner");
      List<StoredDeployment> deployments = new ArrayList<>();
      for (Fields d : json.objects("deployments")) {
        deployments.add(readDeployment(d));
      }
      state = new StoredState(owner, deployments);
    } else {
      json.text("journal");
    }
    json.end();
    return state;
  }

  static StoredDeployment readDeployment(Fields json) throws FormatException {
    StoredDeployment deployment =
        new StoredDeployment(SpecReader.stored(json.object("spec")), json.instant("createdAt"));
    json.end();
    return deployment;
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
