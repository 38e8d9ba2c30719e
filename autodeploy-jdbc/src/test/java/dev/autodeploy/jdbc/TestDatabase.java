package dev.autodeploy.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/** A real PostgreSQL for all tests of this process, and an empty state in it for each. */
final class TestDatabase {
  private static final AtomicInteger NAMES = new AtomicInteger();

  private static final class Holder {
    static final EmbeddedPostgres POSTGRES = start();

    private static EmbeddedPostgres start() {
      try {
        return EmbeddedPostgres.start(); // it ends with this process
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private TestDatabase() {}

  static DataSource source() {
    return Holder.POSTGRES.getPostgresDatabase();
  }

  static String newName() {
    return "test-" + NAMES.incrementAndGet();
  }
}
