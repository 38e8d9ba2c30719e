package dev.autodeploy.spring.test.app;

import javax.sql.DataSource;
import org.springframework.stereotype.Component;

/** A component that a slice must leave out, as what it needs is not there. */
@Component
public class NeedsADatabase {
  /** Gets what no test here has. */
  public NeedsADatabase(DataSource database) {
    throw new AssertionError(database);
  }
}
