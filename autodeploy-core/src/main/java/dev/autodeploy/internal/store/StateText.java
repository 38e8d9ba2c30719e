package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.AutoDeployException;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.LedgerEntry;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Deployments and ledger entries as one line of JSON each, for stores that are not files: the same
 * text that the state directory has.
 */
public final class StateText {

  /** The version of the format, which counts for deployments and ledger alike. */
  public static final int VERSION = StateCodec.VERSION;

  private StateText() {}

  /** Returns a deployment as text. Environment values are in it. */
  public static String write(StoredDeployment deployment) {
    return line(StateCodec.write(deployment));
  }

  /** Returns a ledger entry as text. */
  public static String write(LedgerEntry entry) {
    return line(LedgerCodec.write(entry));
  }

  /**
   * Reads a deployment.
   *
   * @param place says in an error where the text is
   * @throws AutoDeployException if it is damaged
   */
  public static StoredDeployment deployment(String text, String place) {
    try {
      return StateCodec.readDeployment(StrictJson.parse(bytes(text)));
    } catch (FormatException e) {
      throw damaged(place, e, "Repair it, or remove the deployment and make it again.");
    }
  }

  /**
   * Reads a ledger entry.
   *
   * @param place says in an error where the text is
   * @throws AutoDeployException if it is damaged
   */
  public static LedgerEntry entry(String text, String place) {
    try {
      return LedgerCodec.read(StrictJson.parse(bytes(text)));
    } catch (FormatException e) {
      throw damaged(place, e, "Repair it. Without it the costs that it stands for are forgotten.");
    }
  }

  private static AutoDeployException damaged(String place, FormatException e, String next) {
    String what = e.pointer().matches() ? "the object" : e.pointer().toString();
    String subject = e instanceof FormatException.NotJson ? "" : what + " ";
    return Failures.failed(place + " is damaged: " + subject + e.getMessage() + ". " + next);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String line(ObjectNode json) {
    try {
      return new String(StrictJson.line(json), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("JSON of our own cannot be written", e);
    }
  }
}
