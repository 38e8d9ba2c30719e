package dev.autodeploy.internal.spec;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.DeploymentSpec;

/**
 * One setting of a deployment in JSON.
 *
 * @param name its name in the document
 * @param writer writes it
 * @param source reads it, if it is there
 */
record SpecSetting(String name, Writer writer, Source source) {

  void write(DeploymentSpec spec, ObjectNode json, boolean hidden) {
    writer.write(spec, json, hidden);
  }

  /** Writes a setting; {@code hidden} says that secrets are left out, and absent ones are null. */
  interface Writer {
    void write(DeploymentSpec spec, ObjectNode json, boolean hidden);
  }

  /** Reads a setting from the document of a reader into a builder. */
  interface Source {
    void read(SpecReader reader, DeploymentSpec.Builder builder) throws FormatException;
  }
}
