package dev.autodeploy.internal.replay;

import dev.autodeploy.replay.Traffic;
import dev.autodeploy.spi.Notes;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The recent requests of one deployment, in blocks of which the newest {@value #BLOCKS} are kept: a
 * MiB, about 200,000 requests. The newest block is in memory, all are in the notes, up to what the
 * next writing brings. Guarded by the deployment's lock, apart from what is static.
 */
public final class RequestRecord {
  private static final Logger LOG = LoggerFactory.getLogger(RequestRecord.class);

  static final int BLOCKS = 64;

  /** The age from which on the time of day is read anew, as clocks are set. */
  private static final long ANCHORED = Duration.ofMinutes(1).toNanos();

  private final String deployment;
  private final long createdAt;
  private final InstantSource clock;
  private final List<RequestBlock> full = new ArrayList<>();
  private RequestBlock current;
  private boolean changed;
  private long anchoredAt = Long.MIN_VALUE;
  private long anchor;

  /**
   * Makes one without requests.
   *
   * @param number the number of its first block, one more than the last of earlier processes
   */
  public RequestRecord(String deployment, Instant createdAt, InstantSource clock, int number) {
    this.deployment = deployment;
    this.createdAt = createdAt.toEpochMilli();
    this.clock = clock;
    this.current = new RequestBlock(this.createdAt, number);
  }

  /** Returns the number of the newest block. */
  public int number() {
    return current.number();
  }

  /**
   * Adds a request that ends now; times are nanoseconds of the deployment's time line.
   *
   * @param at when it came
   * @param busy how long it had an instance, or how long it waited if it gave up
   */
  public void add(long now, long at, long busy, boolean gaveUp) {
    if (anchoredAt == Long.MIN_VALUE || now - anchoredAt > ANCHORED) {
      anchoredAt = now;
      anchor = clock.millis();
    }
    if (current.isFull()) {
      full.add(current);
      if (full.size() == BLOCKS) { // they could not be written for long
        full.remove(0);
      }
      current = new RequestBlock(createdAt, current.number() + 1);
    }
    // All on one grid: a request that came when another ended does so in the record as well.
    long lasted = millis(now) - millis(now - busy);
    current.add(anchor + millis(at) - millis(anchoredAt), Math.max(0, lasted), gaveUp);
    changed = true;
  }

  private static long millis(long nanos) {
    return Math.floorDiv(nanos, 1_000_000L);
  }

  /** Takes the documents that are to be written, by name. */
  public Map<String, byte[]> takeDocuments() {
    Map<String, byte[]> documents = new TreeMap<>();
    full.forEach(block -> documents.put(name(block.number()), block.document()));
    full.clear();
    if (changed) {
      documents.put(name(current.number()), current.document());
      changed = false;
    }
    return documents;
  }

  private String name(int number) {
    return name(deployment, number);
  }

  private static String name(String deployment, int number) {
    return deployment + ".requests." + number % BLOCKS;
  }

  /** Returns the documents of the blocks that are in memory, by the numbers of their blocks. */
  public Map<Integer, byte[]> inMemory() {
    Map<Integer, byte[]> documents = new TreeMap<>();
    full.forEach(block -> documents.put(block.number(), block.document()));
    documents.put(current.number(), current.document());
    return documents;
  }

  /**
   * Returns the requests that are kept; blocks for the notes, and needs no lock.
   *
   * @param inMemory the documents that are in memory, as far as there are any
   */
  public static Traffic read(
      String deployment,
      Instant createdAt,
      Instant now,
      Notes notes,
      @Nullable Map<Integer, byte[]> inMemory) {
    Map<Integer, RequestBlock> blocks = new TreeMap<>();
    for (int i = 0; i < BLOCKS; i++) {
      Optional<byte[]> document = notes.read(name(deployment, i));
      RequestBlock block = document.map(it -> block(deployment, createdAt, it)).orElse(null);
      if (block != null) {
        blocks.put(block.number(), block);
      }
    }
    if (inMemory != null) {
      inMemory.forEach(
          (number, document) -> {
            RequestBlock block = block(deployment, createdAt, document);
            if (block != null) {
              blocks.put(number, block);
            }
          });
    }
    Traffic.Builder traffic = Traffic.builder().until(now);
    if (blocks.isEmpty() || blocks.containsKey(0)) {
      traffic.from(createdAt); // otherwise from the oldest one that is kept
    }
    for (RequestBlock block : blocks.values()) {
      try {
        block.addTo(traffic);
      } catch (IOException e) {
        damaged(deployment, e);
      }
    }
    return traffic.build();
  }

  private static @Nullable RequestBlock block(
      String deployment, Instant createdAt, byte[] document) {
    try {
      return RequestBlock.read(document, createdAt.toEpochMilli());
    } catch (IOException e) {
      damaged(deployment, e);
      return null;
    }
  }

  private static void damaged(String deployment, IOException e) {
    LOG.warn(
        "{}: a part of the record of its requests is left out: {}", deployment, e.getMessage());
  }

  /** Returns requests as a document, for another replica; exact to the millisecond. */
  public static byte[] document(Traffic traffic) {
    RequestBlock block = new RequestBlock(0, 0);
    for (int i = 0; i < traffic.size(); i++) {
      block.add(traffic.at(i).toEpochMilli(), traffic.busy(i).toMillis(), traffic.gaveUp(i));
    }
    return block.document();
  }

  /**
   * Returns the requests of such a document.
   *
   * @throws IllegalArgumentException if it is damaged
   */
  public static Traffic read(byte[] document, Instant from, Instant until) {
    Traffic.Builder traffic = Traffic.builder().from(from).until(until);
    try {
      RequestBlock block = RequestBlock.read(document, 0);
      if (block != null) {
        block.addTo(traffic);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("no requests of another replica", e);
    }
    return traffic.build();
  }

  /** Removes the documents of a deployment. */
  public static void forget(String deployment, Notes notes) {
    for (int i = 0; i < BLOCKS; i++) {
      notes.remove(name(deployment, i));
    }
  }
}
