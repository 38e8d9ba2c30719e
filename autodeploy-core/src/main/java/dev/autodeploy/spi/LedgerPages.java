package dev.autodeploy.spi;

import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Keeps parts of a ledger apart from it, so that what is over for long need not be in memory: pages
 * of text, and the ledger that names them in its {@link LedgerEntry.Page} lines. Part of a {@link
 * StateStore}; used after its {@link StateStore#load()}, thread-safe, blocking, with its errors.
 */
public interface LedgerPages {

  /**
   * Writes a page, in place of one of the same name. On return it survives the end of the process.
   *
   * @param name lower-case letters, digits, dots and dashes, at most 50
   * @param lines its lines, without line breaks
   */
  void put(String name, List<String> lines);

  /**
   * Reads a page.
   *
   * @param name its name
   * @return its lines
   * @throws dev.autodeploy.AutoDeployException with {@code STATE_FAILED} if there is none
   */
  List<String> get(String name);

  /**
   * Removes pages that no ledger names, as of a process that was killed before it had written the
   * ledger. The ledger's own names are {@link LedgerEntry.Page#names}, which begin with six digits
   * or more; what has another name may stay.
   *
   * @param names the pages that stay
   * @return those of them that there are
   */
  Set<String> retain(Collection<String> names);

  /**
   * Replaces the ledger as a whole: after a failure, or the end of the process, it is the old or
   * the new one.
   *
   * @param entries what it has from now on, oldest first
   */
  void replaceLedger(List<LedgerEntry> entries);
}
