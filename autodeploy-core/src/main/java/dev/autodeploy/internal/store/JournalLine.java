package dev.autodeploy.internal.store;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.spec.Fields;
import dev.autodeploy.internal.spec.FormatException;
import dev.autodeploy.spi.StoredState.StoredDeployment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The lines of the journal. Each is a JSON object that begins with its number and the CRC-32C of
 * everything else in it: {@code {"seq":7,"crc":"1c291ca3","remove":"voice"}}. A line without a
 * checksum is taken as it is, so that a person can change one.
 */
final class JournalLine {
  private static final String SEQ = "seq";
  private static final String CRC = "crc";
  private static final String VERSION = "version";
  private static final String OWNER = "owner";
  private static final String DEPLOYMENTS = "deployments";
  private static final String SAVE = "save";
  private static final String SAVE_ALL = "saveAll";
  private static final String REMOVE = "remove";

  private JournalLine() {}

  /**
   * The first line.
   *
   * @param owner the owner id, or null
   * @param deployments how many lines were written together with this one, each with a deployment
   */
  record Head(@Nullable String owner, int deployments) {}

  // Writing: each returns a whole line with its line break.

  static byte[] head(@Nullable String owner, int deployments) throws IOException {
    ObjectNode json = numbered(1);
    json.put(VERSION, StateCodec.VERSION);
    if (owner != null) {
      json.put(OWNER, owner);
    }
    json.put(DEPLOYMENTS, deployments);
    return line(1, json);
  }

  static byte[] owner(int number, String owner) throws IOException {
    ObjectNode json = numbered(number);
    json.put(OWNER, owner);
    return line(number, json);
  }

  static byte[] save(int number, StoredDeployment deployment) throws IOException {
    ObjectNode json = numbered(number);
    json.set(SAVE, StateCodec.write(deployment));
    return line(number, json);
  }

  static byte[] saveAll(int number, Collection<StoredDeployment> deployments) throws IOException {
    ObjectNode json = numbered(number);
    ArrayNode array = json.putArray(SAVE_ALL);
    for (StoredDeployment deployment : deployments) {
      array.add(StateCodec.write(deployment));
    }
    return line(number, json);
  }

  static byte[] remove(int number, String name) throws IOException {
    ObjectNode json = numbered(number);
    json.put(REMOVE, name);
    return line(number, json);
  }

  private static ObjectNode numbered(int number) {
    return StrictJson.object().put(SEQ, number);
  }

  private static byte[] line(int number, ObjectNode json) throws IOException {
    byte[] plain = StrictJson.line(json);
    byte[] start = ascii("{\"" + SEQ + "\":" + number + ",");
    CRC32C crc = new CRC32C();
    crc.update(plain);
    byte[] checksum = ascii("\"" + CRC + "\":\"" + hex(crc) + "\",");
    byte[] line = new byte[plain.length + checksum.length + 1];
    System.arraycopy(plain, 0, line, 0, start.length);
    System.arraycopy(checksum, 0, line, start.length, checksum.length);
    int rest = plain.length - start.length;
    System.arraycopy(plain, start.length, line, start.length + checksum.length, rest);
    line[line.length - 1] = '\n';
    return line;
  }

  // Reading.

  static Head readHead(StoredLine line) throws FormatException {
    Fields json = parse(line);
    json.has(VERSION); // for people; what counts is the version in the other file
    Head head = new Head(json.textOrNull(OWNER), json.integer(DEPLOYMENTS));
    json.end();
    return head;
  }

  /**
   * Applies a later line.
   *
   * @param deployments the deployments by name, which the line may change
   * @param owner gets the owner, if the line changes that
   * @return how many changes the line makes
   */
  static int apply(
      StoredLine line, Map<String, StoredDeployment> deployments, Consumer<String> owner)
      throws FormatException {
    Fields json = parse(line);
    List<Fields> saved = List.of();
    if (json.has(SAVE)) {
      saved = List.of(json.object(SAVE));
    } else if (json.has(SAVE_ALL)) {
      saved = json.objects(SAVE_ALL);
    } else if (json.has(REMOVE)) {
      deployments.remove(json.text(REMOVE));
    } else {
      owner.accept(json.text(OWNER));
    }
    json.end();
    for (Fields each : saved) {
      StoredDeployment deployment = StateCodec.readDeployment(each);
      deployments.put(deployment.spec().name(), deployment);
    }
    return Math.max(1, saved.size());
  }

  private static Fields parse(StoredLine line) throws FormatException {
    Fields json = StrictJson.parse(line.bytes());
    int number = json.integer(SEQ);
    if (number != line.number()) {
      throw json.bad(
          SEQ,
          "must be the number of the line, but is "
              + number
              + (number > line.number()
                  ? ": a line before it is missing"
                  : ": a line is there twice"));
    }
    String crc = json.textOrNull(CRC);
    if (crc != null && !crc.equals(checksum(line.bytes(), number, crc))) {
      throw json.bad(
          CRC, "does not fit the line: something in it was changed since it was written");
    }
    return json;
  }

  /** Returns the checksum of a line, or null if it is not laid out as one that was written. */
  private static @Nullable String checksum(byte[] line, int number, String crc) {
    byte[] start = ascii("{\"" + SEQ + "\":" + number + ",");
    byte[] checksum = ascii("\"" + CRC + "\":\"" + crc + "\",");
    int rest = start.length + checksum.length;
    boolean asWritten =
        line.length >= rest
            && Arrays.equals(line, 0, start.length, start, 0, start.length)
            && Arrays.equals(line, start.length, rest, checksum, 0, checksum.length);
    if (!asWritten) {
      return null;
    }
    CRC32C crc32c = new CRC32C();
    crc32c.update(start);
    crc32c.update(line, rest, line.length - rest);
    return hex(crc32c);
  }

  private static String hex(CRC32C crc) {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
