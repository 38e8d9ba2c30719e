package dev.autodeploy.internal.deployment;

import dev.autodeploy.internal.decision.DeploymentMachine;
import dev.autodeploy.internal.replay.RequestRecord;
import dev.autodeploy.internal.runtime.EngineServices;
import dev.autodeploy.internal.runtime.RecordKeeper;
import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.Notes;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests of one deployment and what was learned from them, as they are kept over a restart:
 * the requests in blocks, the rest in lines of text, of which the last is a checksum. Guarded by
 * the deployment's lock, apart from what blocks for the notes.
 */
final class DeploymentRecords implements RecordKeeper.Recorded {
  private static final Logger LOG = LoggerFactory.getLogger(DeploymentRecords.class);
  private static final String VERSION = "version 1";
  private static final String CREATED = "created ";
  private static final String BLOCK = "block ";
  private static final String CHECKSUM = "checksum ";

  private final EngineServices services;
  private final DeploymentController controller;
  private final DeploymentMachine machine;
  private int firstBlock;
  private @Nullable RequestRecord requests; // made for the first request
  private boolean changed;
  private boolean forgotten;

  DeploymentRecords(
      EngineServices services, DeploymentController controller, DeploymentMachine machine) {
    this.services = services;
    this.controller = controller;
    this.machine = machine;
  }

  static String learned(String deployment) {
    return deployment + ".learned";
  }

  /** Adds a request that ends now: it was served, or has given up. */
  void add(long now, long askedAt, long busy, boolean gaveUp) {
    RequestRecord record = requests;
    if (record == null) {
      record =
          new RequestRecord(
              controller.name(), controller.createdAt(), services.clock(), firstBlock);
      requests = record;
    }
    record.add(now, askedAt, busy, gaveUp);
    if (!changed && !forgotten) {
      changed = true;
      services.records().changed(this);
    }
  }

  @Override
  public void write(Notes notes) {
    Map<String, byte[]> documents =
        controller.read(
            () -> {
              changed = false;
              RequestRecord record = requests;
              Map<String, byte[]> taken =
                  new HashMap<>(record == null ? Map.of() : record.takeDocuments());
              taken.put(learned(controller.name()), document(record));
              return taken;
            });
    if (!controller.read(() -> forgotten)) {
      documents.forEach(notes::write);
    }
  }

  private byte[] document(@Nullable RequestRecord record) {
    List<String> lines = new ArrayList<>();
    lines.add(VERSION);
    lines.add(CREATED + controller.createdAt().toEpochMilli());
    lines.add(BLOCK + (record == null ? firstBlock - 1 : record.number()));
    lines.addAll(machine.learned());
    String text = String.join("\n", lines) + "\n";
    return (text + CHECKSUM + checksum(text) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static long checksum(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }

  /** Takes over what an earlier process has left; what cannot be read is learned again. */
  void restore(byte[] document) {
    String text = new String(document, StandardCharsets.UTF_8);
    int end = text.lastIndexOf(CHECKSUM);
    if (end < 0
        || !text.substring(end).equals(CHECKSUM + checksum(text.substring(0, end)) + "\n")) {
      unreadable("it is not whole");
      return;
    }
    List<String> lines = text.substring(0, end).lines().toList();
    if (!lines.get(0).equals(VERSION)) {
      unreadable("it is of another version");
      return;
    }
    if (!lines.contains(CREATED + controller.createdAt().toEpochMilli())) {
      return; // of an earlier deployment of the name
    }
    try {
      for (String line : lines) {
        if (line.startsWith(BLOCK)) {
          firstBlock = Integer.parseInt(line.substring(BLOCK.length())) + 1;
        }
      }
      machine.restore(lines);
    } catch (IllegalArgumentException e) {
      unreadable(e.getMessage());
    }
  }

  private void unreadable(@Nullable String why) {
    LOG.warn(
        "{}: what was learned of it before is left out and will be learned again: {}",
        controller.name(),
        why);
  }

  /** Returns the requests that are kept; blocks. */
  static Traffic traffic(
      EngineServices services, DeploymentController controller, @Nullable DeploymentRecords own) {
    Map<Integer, byte[]> inMemory =
        controller.read(() -> own == null || own.requests == null ? null : own.requests.inMemory());
    Instant now = services.clock().instant();
    return RequestRecord.read(
        controller.name(), controller.createdAt(), now, services.records().notes(), inMemory);
  }

  /** Reads a document that an earlier process has left; an empty one if that fails. */
  static byte[] read(EngineServices services, String document) {
    try {
      return services.records().notes().read(document).orElseGet(() -> new byte[0]);
    } catch (RuntimeException e) {
      LOG.warn("{} cannot be read: {}", document, e.toString());
      return new byte[0];
    }
  }

  /** Writes nothing any longer: the deployment is gone. */
  void forget() {
    forgotten = true;
  }

  /** Removes everything of a deployment that was removed. */
  static void forget(EngineServices services, String deployment) {
    Notes notes = services.records().notes();
    notes.remove(learned(deployment));
    RequestRecord.forget(deployment, notes);
  }
}
