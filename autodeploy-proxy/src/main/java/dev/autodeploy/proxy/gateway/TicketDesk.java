package dev.autodeploy.proxy.gateway;

import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tickets that there are: at most so many, and each for so long. Thread-safe. */
final class TicketDesk {
  private static final Logger LOG = LoggerFactory.getLogger(TicketDesk.class);

  /** The path of tickets. */
  static final String PATH = "/-/tickets/";

  private static final Pattern ID = Pattern.compile("[0-9a-f]{32}");
  private static final int MAX_TICKETS = 1000;

  /** The most tickets of one caller; the other half is for the others. */
  private static final int MAX_OF_ONE = 500;

  private static final long MAX_ANSWER = 64L * 1024 * 1024;

  /** All answers together that are kept in files. */
  private static final long MAX_FILES = 4L * 1024 * 1024 * 1024;

  private final SecureRandom random = new SecureRandom();
  private final Map<String, Ticket> tickets = new LinkedHashMap<>();
  private final Map<String, Ticket> byKey = new HashMap<>();
  private final SpoolDirectory directory;
  private final Duration lifetime;
  private final Ticker ticker;

  /**
   * Creates an empty desk.
   *
   * @param directory where long answers are kept, or null for a temporary directory
   * @param lifetime how long an answer is kept
   * @param ticker the clock
   */
  TicketDesk(@Nullable Path directory, Duration lifetime, Ticker ticker) {
    this.directory = new SpoolDirectory(directory, MAX_FILES);
    this.lifetime = lifetime;
    this.ticker = ticker;
  }

  /**
   * Returns the ticket that a request asks for, which there need not be, or null. Below the path of
   * a link there are tickets, too: cookies come with no other path.
   */
  static @Nullable String ticketOf(LinkCall call) {
    String path = call.routed() ? call.route().path() : call.head().path();
    String id = path.startsWith(PATH) ? path.substring(PATH.length()) : null;
    return id != null && ID.matcher(id).matches() ? id : null;
  }

  /**
   * Returns the ticket of a request: the one of its key, or else a new one.
   *
   * @param owner what stands for the caller
   * @param deployment the deployment that its request is for
   * @param key what a retry of the request is found by, or null
   * @param fingerprint what tells the request from others
   * @return the ticket, which only one request may {@link Ticket#begin}; null if there are too many
   */
  synchronized @Nullable Ticket open(
      String owner, String deployment, @Nullable String key, String fingerprint) {
    sweep();
    Ticket known = key == null ? null : byKey.get(key);
    if (known != null) {
      return known;
    }
    if (!makeRoom(owner)) {
      return null;
    }
    byte[] id = new byte[16];
    random.nextBytes(id);
    Ticket ticket =
        new Ticket(
            HexFormat.of().formatHex(id),
            owner,
            deployment,
            fingerprint,
            ticker.read(),
            new Spool(directory, MAX_ANSWER));
    tickets.put(ticket.id(), ticket);
    if (key != null) {
      byKey.put(key, ticket);
    }
    return ticket;
  }

  synchronized @Nullable Ticket find(String id) {
    sweep();
    return tickets.get(id);
  }

  /** Deletes a ticket, and stops its request if that is under way. */
  void delete(Ticket ticket) {
    synchronized (this) {
      tickets.remove(ticket.id());
      byKey.values().remove(ticket);
    }
    ticket.cancel();
    forget(ticket);
  }

  /** Takes a ticket away, whose answer stays for now. */
  synchronized void withdraw(Ticket ticket) {
    tickets.remove(ticket.id());
  }

  /** Puts back a ticket that was taken away. */
  synchronized void putBack(Ticket ticket) {
    if (!ticket.body().isDeleted()) {
      tickets.put(ticket.id(), ticket);
    }
  }

  /** Forgets what the retry of a request is found by. */
  synchronized void forgetKey(Ticket ticket) {
    byKey.values().remove(ticket);
  }

  private static void forget(Ticket ticket) {
    try {
      ticket.body().delete();
    } catch (IOException e) {
      LOG.warn("An answer that was kept could not be deleted", e);
    }
  }

  /** Deletes the answers that nobody has fetched in time. */
  synchronized void sweep() {
    long now = ticker.read();
    for (Iterator<Ticket> all = tickets.values().iterator(); all.hasNext(); ) {
      Ticket ticket = all.next();
      if (ticket.isDone() && now - ticket.doneNanos() > lifetime.toNanos()) {
        all.remove();
        byKey.values().remove(ticket);
        forget(ticket);
      }
    }
  }

  /** Drops old answers: of the caller itself before those of others, and of who has most. */
  private boolean makeRoom(String owner) {
    while (directory.isCrowded() && dropEldestAnswer(heaviest(ticket -> ticket.body().length()))) {
      LOG.debug("The eldest answer of who has the longest ones was dropped");
    }
    long own = tickets.values().stream().filter(ticket -> ticket.owner().equals(owner)).count();
    if (own < MAX_OF_ONE && tickets.size() < MAX_TICKETS) {
      return true;
    }
    return dropEldestAnswer(owner) || (own < MAX_OF_ONE && dropEldestAnswer(heaviest(ticket -> 1)));
  }

  /** Returns the caller whose answers weigh most, or null if there are none. */
  private @Nullable String heaviest(ToLongFunction<Ticket> weight) {
    Map<String, Long> weights = new LinkedHashMap<>();
    for (Ticket ticket : tickets.values()) {
      if (ticket.isDone()) {
        weights.merge(ticket.owner(), weight.applyAsLong(ticket), Long::sum);
      }
    }
    return weights.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(null);
  }

  private boolean dropEldestAnswer(@Nullable String owner) {
    for (Iterator<Ticket> all = tickets.values().iterator(); all.hasNext(); ) {
      Ticket ticket = all.next();
      if (ticket.isDone() && ticket.owner().equals(owner)) {
        all.remove();
        byKey.values().remove(ticket);
        forget(ticket);
        return true;
      }
    }
    return false;
  }

  synchronized void close() {
    tickets.values().forEach(Ticket::cancel);
    try {
      directory.close();
    } catch (IOException e) {
      LOG.warn("Answers that were kept could not be deleted", e);
    }
  }
}
