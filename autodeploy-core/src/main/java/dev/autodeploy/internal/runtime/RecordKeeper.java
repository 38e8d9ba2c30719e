package dev.autodeploy.internal.runtime;

import dev.autodeploy.spi.Notes;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes from time to time what deployments have learned and recorded, of those where that has
 * changed. A failure is no more than a warning. Thread-safe.
 */
public final class RecordKeeper {
  private static final Logger LOG = LoggerFactory.getLogger(RecordKeeper.class);

  private final Notes notes;
  private final Set<String> earlier;
  private final Queue<Recorded> changed = new ConcurrentLinkedQueue<>();

  /** Something of which a record is kept. */
  public interface Recorded {

    /** Writes what has changed, and is told of no more until it changes again. */
    void write(Notes notes);
  }

  /** Makes one, and looks for what earlier processes have left. */
  public RecordKeeper(Notes notes) {
    this.notes = notes;
    earlier = names(notes);
  }

  private static Set<String> names(Notes notes) {
    try {
      return notes.names();
    } catch (RuntimeException e) {
      LOG.warn("What was learned before is not known: {}", e.toString());
      return Set.of();
    }
  }

  public Notes notes() {
    return notes;
  }

  /** Returns whether an earlier process has left a document. */
  public boolean hasEarlier(String name) {
    return earlier.contains(name);
  }

  /** Notes a change; called once for all changes until they are written. */
  public void changed(Recorded recorded) {
    changed.add(recorded);
  }

  /** Writes all that has changed; blocks. */
  public void write() {
    int failures = 0;
    for (int left = changed.size(); left > 0; left--) {
      Recorded next = changed.poll();
      if (next == null) {
        break;
      }
      try {
        next.write(notes);
      } catch (RuntimeException e) {
        if (failures++ == 0) {
          LOG.warn("What was learned could not be written: {}", e.toString());
        }
      }
    }
  }
}
